-- The run's Parquet files of hourly_kpis into their stage, by the columns' positions.
-- Markers: manifest, role.   Safe to repeat: no, it would load twice; its batch is one transaction.
COPY stage_hourly_kpis
FROM $manifest
IAM_ROLE $role
FORMAT AS PARQUET
MANIFEST
