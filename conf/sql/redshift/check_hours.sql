-- Fails where an hour's total_plays (0 without a row) is not the number of its plays in streams.
-- The first such hour is named by the error: its text is cast to a number, which it is not.
-- Reads: stage_touched_hours.   Safe to repeat: yes.
SELECT CAST('hour ' || MIN(TO_CHAR(checked.hour, 'YYYY-MM-DD HH24:MI')) AS INTEGER)
FROM (
    SELECT DISTINCT hour
    FROM stage_touched_hours
) AS checked
LEFT JOIN (
    SELECT DATE_TRUNC('hour', listen_time) AS hour, COUNT(*) AS plays
    FROM streams
    WHERE listen_time >= (SELECT MIN(hour) FROM stage_touched_hours)
    AND listen_time < (SELECT MAX(hour) + INTERVAL '1 hour' FROM stage_touched_hours)
    GROUP BY 1
) AS counted
ON checked.hour = counted.hour
LEFT JOIN hourly_kpis
ON checked.hour = hourly_kpis.hour
WHERE COALESCE(counted.plays, 0) <> COALESCE(hourly_kpis.total_plays, 0)
