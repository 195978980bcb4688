-- The last commit and the key of its plan.   Safe to repeat: yes.
SELECT commit_no, plan
FROM etl_state
