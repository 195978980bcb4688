-- The stage of songs: what COPY fills and MERGE reads. Grain: one row per track and genre.
-- Ends with its batch.   Safe to repeat: in a session of its own.
CREATE TEMP TABLE stage_songs (LIKE songs)
