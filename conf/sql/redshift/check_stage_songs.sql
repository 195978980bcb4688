-- Fails where the stage of songs does not hold as many rows as the job wrote.
-- Markers: rows.   Safe to repeat: yes.
SELECT 1 / (CASE WHEN (SELECT COUNT(*) FROM stage_songs) = $rows THEN 1 ELSE 0 END)
