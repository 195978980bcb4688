-- The session's first statement: a check is answered from the tables, never from an earlier answer.
-- Safe to repeat: yes.
SET enable_result_cache_for_session TO off
