-- The catalogue. Grain: one row per (track, genre), so track_id repeats. Checks count bytes.
-- Migration 2 of database metadata.   Safe to repeat: no, migrate() applies it once.
CREATE TABLE songs (
    id INTEGER NOT NULL PRIMARY KEY,
    track_id VARCHAR(64) CHECK (octet_length(track_id) <= 64),
    artists VARCHAR(2048) CHECK (octet_length(artists) <= 2048),
    album_name VARCHAR(1024) CHECK (octet_length(album_name) <= 1024),
    track_name VARCHAR(2048) CHECK (octet_length(track_name) <= 2048),
    popularity INTEGER,
    duration_ms INTEGER,
    "explicit" BOOLEAN,
    danceability DOUBLE PRECISION,
    energy DOUBLE PRECISION,
    key INTEGER,
    loudness DOUBLE PRECISION,
    mode INTEGER,
    speechiness DOUBLE PRECISION,
    acousticness DOUBLE PRECISION,
    instrumentalness DOUBLE PRECISION,
    liveness DOUBLE PRECISION,
    valence DOUBLE PRECISION,
    tempo DOUBLE PRECISION,
    time_signature INTEGER,
    track_genre VARCHAR(64) CHECK (octet_length(track_genre) <= 64)
)
