-- Users that no file holds any more, in mode snapshot. Never while a users file is refused.
-- Reads: stage_users, which holds all files.   Safe to repeat: yes.
DELETE FROM users
WHERE NOT EXISTS (
    SELECT 1
    FROM stage_users
    WHERE stage_users.user_id = users.user_id
)
