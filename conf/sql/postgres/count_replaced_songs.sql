-- Staged rows whose id is taken by a row of another track: two files number their rows alike.
-- Grain: one row per losing and taking file. Of a repeated id the last row of the greatest file wins.
-- Reads: stage_songs.   Safe to repeat: yes.
SELECT
    lost.file_number,
    kept.file_number,
    COUNT(*)
FROM stage_songs AS lost
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
ON lost.id = kept.id
WHERE lost.track_id IS DISTINCT FROM kept.track_id
GROUP BY lost.file_number, kept.file_number
ORDER BY lost.file_number, kept.file_number
