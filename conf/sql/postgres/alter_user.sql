-- A new password for a user; who is logged in stays so. The password is its hash.
-- Markers: user.   Parameters: password.   Safe to repeat: yes.
ALTER ROLE $user LOGIN PASSWORD %(password)s
