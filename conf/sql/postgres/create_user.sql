-- A user that may log in and owns nothing. The password is its hash.
-- Markers: user.   Parameters: password.   Safe to repeat: no, a second one is refused.
CREATE ROLE $user LOGIN PASSWORD %(password)s
