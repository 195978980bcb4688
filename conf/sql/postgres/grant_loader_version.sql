-- The loader sees which migrations there are, and applies none.
-- Markers: loader.   Safe to repeat: yes.
GRANT SELECT ON schema_version TO $loader
