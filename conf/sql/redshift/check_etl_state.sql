-- Fails where the update before it found another commit: the run was overtaken.
-- Markers: commit, plan.   Safe to repeat: yes.
SELECT 1 / (
    CASE WHEN (SELECT COUNT(*) FROM etl_state WHERE commit_no = $commit AND plan = $plan) = 1
    THEN 1 ELSE 0 END
)
