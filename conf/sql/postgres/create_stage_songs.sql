-- The parsed rows of this load. Grain: one row per line of a file; file_number is the files' order.
-- Safe to repeat: once per transaction, which takes it along.
CREATE TEMPORARY TABLE stage_songs (
    file_number INTEGER NOT NULL,
    line_number BIGINT NOT NULL,
    LIKE songs
) ON COMMIT DROP
