-- The listeners. Grain: one row per user_id. VARCHAR counts characters, so a check counts bytes.
-- Migration 1 of database metadata.   Safe to repeat: no, migrate() applies it once.
CREATE TABLE users (
    user_id BIGINT NOT NULL PRIMARY KEY,
    user_name VARCHAR(256) CHECK (octet_length(user_name) <= 256),
    user_age INTEGER,
    user_country VARCHAR(64) CHECK (octet_length(user_country) <= 64),
    created_at DATE
)
