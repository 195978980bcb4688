-- The hours that a valid play of the claimed files touches, duplicates included.
-- Markers: manifest, role.   Safe to repeat: yes.
COPY stage_touched_hours
FROM $manifest
IAM_ROLE $role
FORMAT AS PARQUET
MANIFEST
