-- The plays that hourly_kpis counts in each hour; an hour that is there twice counts twice.
-- Grain: one row per hour, UTC.
-- GETDATE keeps the answer out of the cache of results.
-- Reads: hourly_kpis.   Safe to repeat: yes.
SELECT
    TO_CHAR(hour, 'YYYY-MM-DD HH24:MI') AS play_hour,
    COALESCE(SUM(total_plays), 0) AS plays
FROM hourly_kpis
WHERE GETDATE() IS NOT NULL
GROUP BY 1
ORDER BY 1
