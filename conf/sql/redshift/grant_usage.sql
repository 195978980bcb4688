-- The pipeline finds the tables.
-- Markers: user.   Safe to repeat: yes.
GRANT USAGE ON SCHEMA public TO $user
