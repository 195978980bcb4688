-- Whether users holds any row.
-- Reads: users.   Safe to repeat: yes.
SELECT EXISTS (SELECT 1 FROM users)
