-- Both users enter the database.
-- Markers: database, loader, reader.   Safe to repeat: yes.
GRANT CONNECT ON DATABASE $database TO $loader, $reader
