-- Note a migration as applied, in the transaction that applies it.
-- Markers: version, file_name. Safe to repeat: no.
INSERT INTO schema_version (version, file_name, applied_at)
VALUES ($version, $file_name, GETDATE())
