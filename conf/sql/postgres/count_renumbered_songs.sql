-- Rows of songs whose id goes to another track: an export was numbered anew.
-- Grain: one row per file that takes such ids.
-- Reads: songs as of the load before, stage_songs.   Safe to repeat: before merge_songs.sql.
SELECT
    kept.file_number,
    COUNT(*)
FROM songs
JOIN (
    SELECT DISTINCT ON (id)
        id,
        file_number,
        track_id
    FROM stage_songs
    ORDER BY
        id,
        file_number DESC,
        line_number DESC
) AS kept
ON songs.id = kept.id
WHERE songs.track_id IS DISTINCT FROM kept.track_id
GROUP BY kept.file_number
ORDER BY kept.file_number
