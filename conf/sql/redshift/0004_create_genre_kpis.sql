-- The KPIs of each genre over all plays. Grain: one row per genre that has a play.
-- Safe to repeat: no, a migration.
CREATE TABLE genre_kpis (
    track_genre VARCHAR(64) NOT NULL,
    listen_count BIGINT,
    avg_track_duration_ms DOUBLE PRECISION,
    popularity_index DOUBLE PRECISION,
    track_id VARCHAR(64),
    track_name VARCHAR(2048),
    track_listen_count BIGINT,
    PRIMARY KEY (track_genre)
)
