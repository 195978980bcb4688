-- Both users find the tables.
-- Markers: loader, reader.   Safe to repeat: yes.
GRANT USAGE ON SCHEMA public TO $loader, $reader
