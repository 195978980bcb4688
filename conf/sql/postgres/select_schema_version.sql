-- The numbers of the migrations applied.
-- Reads: schema_version.   Safe to repeat: yes.
SELECT version
FROM schema_version
ORDER BY version
