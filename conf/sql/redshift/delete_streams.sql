-- All plays: a rebuild loads them anew from the lake. Never TRUNCATE, which would commit.
-- Safe to repeat: yes.
DELETE FROM streams
