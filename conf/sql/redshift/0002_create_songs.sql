-- The songs catalogue. Grain: one row per track and genre: track_id repeats. MERGE on id.
-- "explicit" is a reserved word of Redshift. Safe to repeat: no, a migration.
CREATE TABLE songs (
    id INTEGER NOT NULL,
    track_id VARCHAR(64),
    artists VARCHAR(2048),
    album_name VARCHAR(1024),
    track_name VARCHAR(2048),
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
    track_genre VARCHAR(64),
    PRIMARY KEY (id)
)
