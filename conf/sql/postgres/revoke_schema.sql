-- Nobody uses the schema but those who are named.
-- Safe to repeat: yes.
REVOKE ALL ON SCHEMA public FROM PUBLIC
