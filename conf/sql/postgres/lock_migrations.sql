-- One migrate() at a time, until its transaction ends. The number is ours alone in this database.
-- Safe to repeat: yes.
SELECT pg_advisory_xact_lock(20240625)
