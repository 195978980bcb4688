-- The migrations that the warehouse has, by number. Safe to repeat: yes.
SELECT version
FROM schema_version
ORDER BY version
