-- Whether songs holds any row.
-- Reads: songs.   Safe to repeat: yes.
SELECT EXISTS (SELECT 1 FROM songs)
