"""What differs between environments, and the SQL that workers send."""
