-- Takes a refused file's rows back.
-- Reads: stage_users.   Parameters: file_number.   Safe to repeat: yes.
DELETE FROM stage_users
WHERE file_number = %(file_number)s
