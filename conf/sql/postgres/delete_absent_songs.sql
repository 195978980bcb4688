-- Songs that no file holds any more, in mode snapshot. Never while a songs file is refused.
-- Reads: stage_songs, which holds all files.   Safe to repeat: yes.
DELETE FROM songs
WHERE NOT EXISTS (
    SELECT 1
    FROM stage_songs
    WHERE stage_songs.id = songs.id
)
