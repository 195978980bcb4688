-- The pipeline sees which migrations there are, and applies none.
-- Markers: user.   Safe to repeat: yes.
GRANT SELECT ON schema_version TO $user
