-- Which migrations the warehouse has. Grain: one row per migration. Safe to repeat: yes.
CREATE TABLE IF NOT EXISTS schema_version (
    version INTEGER NOT NULL,
    file_name VARCHAR(256) NOT NULL,
    applied_at TIMESTAMP NOT NULL,
    PRIMARY KEY (version)
)
