-- Fails where the stage of hourly_kpis does not hold as many rows as the job wrote.
-- Markers: rows.   Safe to repeat: yes.
SELECT 1 / (CASE WHEN (SELECT COUNT(*) FROM stage_hourly_kpis) = $rows THEN 1 ELSE 0 END)
