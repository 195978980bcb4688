"""A double of the Redshift Data API: PostgreSQL that takes and refuses what Redshift does."""
