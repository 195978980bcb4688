-- The pipeline stages its rows in temporary tables.
-- Markers: database, user.   Safe to repeat: yes.
GRANT TEMP ON DATABASE $database TO $user
