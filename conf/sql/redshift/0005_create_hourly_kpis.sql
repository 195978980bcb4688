-- The KPIs of each hour. Grain: one row per hour (UTC, with its date) that has a play.
-- Safe to repeat: no, a migration.
CREATE TABLE hourly_kpis (
    hour TIMESTAMP NOT NULL,
    unique_listeners BIGINT,
    total_plays BIGINT,
    unique_tracks BIGINT,
    top_artist VARCHAR(2048),
    top_artist_plays BIGINT,
    track_diversity_index DOUBLE PRECISION,
    PRIMARY KEY (hour)
)
SORTKEY (hour)
