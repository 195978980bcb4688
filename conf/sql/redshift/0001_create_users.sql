-- The users of the service. Grain: one row per listener. Loaded by MERGE on user_id.
-- Safe to repeat: no, a migration.
CREATE TABLE users (
    user_id BIGINT NOT NULL,
    user_name VARCHAR(256),
    user_age INTEGER,
    user_country VARCHAR(64),
    created_at DATE,
    PRIMARY KEY (user_id)
)
