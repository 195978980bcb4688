-- Takes a refused file's rows back.
-- Reads: stage_songs.   Parameters: file_number.   Safe to repeat: yes.
DELETE FROM stage_songs
WHERE file_number = %(file_number)s
