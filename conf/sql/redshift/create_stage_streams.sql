-- The stage of streams: what COPY fills and MERGE reads. Grain: one row per play.
-- Ends with its batch.   Safe to repeat: in a session of its own.
CREATE TEMP TABLE stage_streams (LIKE streams)
