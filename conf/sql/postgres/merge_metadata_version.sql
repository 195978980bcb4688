-- The new version, in the transaction that loads the rows. Grain: one row.
-- Parameters: version.   Safe to repeat: yes.
INSERT INTO metadata_version (version)
VALUES (%(version)s)
ON CONFLICT (is_only_row) DO UPDATE SET
    version = EXCLUDED.version
