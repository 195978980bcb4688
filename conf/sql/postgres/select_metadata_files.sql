-- The files of the last load.
-- Reads: metadata_files.   Safe to repeat: yes.
SELECT
    file_key,
    etag,
    rows_read,
    rows_loaded,
    rows_rejected,
    refused_reason
FROM metadata_files
ORDER BY file_key
