-- Users that RDS holds no more.
-- Reads: stage_users, which holds all users.   Safe to repeat: yes.
DELETE FROM users
WHERE NOT EXISTS (
    SELECT 1
    FROM stage_users
    WHERE stage_users.user_id = users.user_id
)
