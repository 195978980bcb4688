-- Nobody enters the database, or makes temporary tables in it, but those who are named.
-- Markers: database.   Safe to repeat: yes.
REVOKE ALL ON DATABASE $database FROM PUBLIC
