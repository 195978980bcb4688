-- The hours of the run's own tables, beside the touched ones that the job named.
-- Reads: stage_streams, stage_hourly_kpis.   Safe to repeat: yes.
INSERT INTO stage_touched_hours (hour)
SELECT DATE_TRUNC('hour', listen_time)
FROM stage_streams
UNION
SELECT hour
FROM stage_hourly_kpis
