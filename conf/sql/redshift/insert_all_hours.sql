-- All hours of a rebuild, from both tables.   Safe to repeat: yes.
INSERT INTO stage_touched_hours (hour)
SELECT DATE_TRUNC('hour', listen_time)
FROM streams
UNION
SELECT hour
FROM hourly_kpis
