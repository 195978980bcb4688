-- The loader stages its rows in temporary tables.
-- Markers: database, loader.   Safe to repeat: yes.
GRANT TEMPORARY ON DATABASE $database TO $loader
