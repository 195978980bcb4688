-- The stage of genre_kpis: what COPY fills and MERGE reads. Grain: one row per genre.
-- Ends with its batch.   Safe to repeat: in a session of its own.
CREATE TEMP TABLE stage_genre_kpis (LIKE genre_kpis)
