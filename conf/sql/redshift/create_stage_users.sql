-- The stage of users: what COPY fills and MERGE reads. Grain: one row per listener.
-- Ends with its batch.   Safe to repeat: in a session of its own.
CREATE TEMP TABLE stage_users (LIKE users)
