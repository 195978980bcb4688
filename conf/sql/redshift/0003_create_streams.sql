-- Every accepted play. Grain: one row per play. Days are read together: sorted by time.
-- Safe to repeat: no, a migration.
CREATE TABLE streams (
    user_id BIGINT NOT NULL,
    track_id VARCHAR(64) NOT NULL,
    listen_time TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, track_id, listen_time)
)
SORTKEY (listen_time)
