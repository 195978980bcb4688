-- Whether a user is there.
-- Parameters: user.   Safe to repeat: yes.
SELECT 1
FROM pg_roles
WHERE rolname = %(user)s
