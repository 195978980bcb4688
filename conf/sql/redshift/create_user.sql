-- The user of an identity that comes by the Data API; it has no password.
-- Markers: user.   Safe to repeat: no, a second one is refused.
CREATE USER $user PASSWORD DISABLE
