-- The loader reads and writes users, songs, the files noted and the version.
-- Markers: loader.   Safe to repeat: yes.
GRANT SELECT, INSERT, UPDATE, DELETE
ON users, songs, metadata_files, metadata_version
TO $loader
