-- The commit point: from the commit that the run built on to its own.
-- Markers: before, commit, plan.   Safe to repeat: no; a second one finds another commit_no.
UPDATE etl_state
SET commit_no = $commit,
    plan = $plan
WHERE commit_no = $before
