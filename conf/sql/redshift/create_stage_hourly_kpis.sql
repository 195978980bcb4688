-- The stage of hourly_kpis: what COPY fills and MERGE reads. Grain: one row per hour.
-- Ends with its batch.   Safe to repeat: in a session of its own.
CREATE TEMP TABLE stage_hourly_kpis (LIKE hourly_kpis)
