-- The files behind users and songs, refused ones included. Grain: one row per file_key.
-- Migration 3 of database metadata.   Safe to repeat: no, migrate() applies it once.
CREATE TABLE metadata_files (
    file_key VARCHAR(1024) NOT NULL PRIMARY KEY CHECK (octet_length(file_key) <= 1024),
    etag VARCHAR(256) NOT NULL CHECK (octet_length(etag) <= 256),
    rows_read BIGINT NOT NULL,
    rows_loaded BIGINT NOT NULL,
    rows_rejected BIGINT NOT NULL,
    refused_reason VARCHAR(64) CHECK (octet_length(refused_reason) <= 64)
)
