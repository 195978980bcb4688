-- Nobody makes tables, or finds those that are there, but those who are named.
-- Safe to repeat: yes.
REVOKE ALL ON SCHEMA public FROM PUBLIC
