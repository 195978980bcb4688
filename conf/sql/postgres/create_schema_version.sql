-- The migrations that this database has seen. Grain: one row per migration.
-- Safe to repeat: yes, under the lock of lock_migrations.sql.
CREATE TABLE IF NOT EXISTS schema_version (
    version INTEGER NOT NULL PRIMARY KEY,
    file_name VARCHAR(256) NOT NULL
)
