-- Nobody makes temporary tables but those who are named.
-- Markers: database.   Safe to repeat: yes.
REVOKE TEMP ON DATABASE $database FROM PUBLIC
