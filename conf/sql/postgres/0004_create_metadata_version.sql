-- The version of users and songs: SHA-256 over the sorted (key, ETag). Grain: one row, or none
-- before the first load.
-- Migration 4 of database metadata.   Safe to repeat: no, migrate() applies it once.
CREATE TABLE metadata_version (
    is_only_row BOOLEAN NOT NULL DEFAULT TRUE PRIMARY KEY CHECK (is_only_row),
    version VARCHAR(64) NOT NULL CHECK (octet_length(version) <= 64)
)
