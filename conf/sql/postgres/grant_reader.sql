-- The reader selects what extract_metadata reads, and writes nothing.
-- Markers: reader.   Safe to repeat: yes.
GRANT SELECT ON users, songs, metadata_version TO $reader
