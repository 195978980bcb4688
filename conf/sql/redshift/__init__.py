"""SQL for Redshift: numbered migrations, and what the daily run sends."""
