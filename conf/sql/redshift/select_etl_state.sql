-- The last commit and the key of its plan.   Safe to repeat: yes.
-- It runs alone, in a session of its own: GETDATE keeps it out of the cache of results.
SELECT commit_no, plan
FROM etl_state
WHERE GETDATE() IS NOT NULL
