-- The hours whose counts are proven before the commit. Grain: one row per hour; it may repeat.
-- Ends with its batch.   Safe to repeat: in a session of its own.
CREATE TEMP TABLE stage_touched_hours (
    hour TIMESTAMP NOT NULL
)
