-- The pipeline reads and writes a table, and neither changes nor drops it.
-- Markers: table, user.   Safe to repeat: yes.
GRANT SELECT, INSERT, UPDATE, DELETE ON $table TO $user
