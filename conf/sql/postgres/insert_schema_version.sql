-- Notes a migration in the transaction that applies it.
-- Parameters: version, file_name.   Safe to repeat: no, a second one breaks the key.
INSERT INTO schema_version (version, file_name)
VALUES (%(version)s, %(file_name)s)
