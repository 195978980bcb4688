-- Notes a file of this load. Grain: one row per file_key.
-- Parameters: the columns.   Safe to repeat: after delete_metadata_files.sql.
INSERT INTO metadata_files (
    file_key,
    etag,
    rows_read,
    rows_loaded,
    rows_rejected,
    refused_reason
)
VALUES (
    %(file_key)s,
    %(etag)s,
    %(rows_read)s,
    %(rows_loaded)s,
    %(rows_rejected)s,
    %(refused_reason)s
)
