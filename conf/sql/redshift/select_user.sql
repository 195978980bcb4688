-- Whether a user is there.
-- Parameters: user.   Safe to repeat: yes.
SELECT usename
FROM pg_user
WHERE usename = :user
