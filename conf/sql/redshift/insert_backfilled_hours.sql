-- The hours of a backfill's dates, from both tables: neither may have one that the other lacks.
-- Markers: first_day, after_last_day.   Safe to repeat: yes.
INSERT INTO stage_touched_hours (hour)
SELECT DATE_TRUNC('hour', listen_time)
FROM streams
WHERE listen_time >= $first_day
AND listen_time < $after_last_day
UNION
SELECT hour
FROM hourly_kpis
WHERE hour >= $first_day
AND hour < $after_last_day
