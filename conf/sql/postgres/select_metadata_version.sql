-- The version of users and songs; no row before the first load.
-- Reads: metadata_version.   Safe to repeat: yes.
SELECT version
FROM metadata_version
