-- Songs that RDS holds no more.
-- Reads: stage_songs, which holds all songs.   Safe to repeat: yes.
DELETE FROM songs
WHERE NOT EXISTS (
    SELECT 1
    FROM stage_songs
    WHERE stage_songs.id = songs.id
)
