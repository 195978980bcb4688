-- All hours: a rebuild computes them anew from the lake. Never TRUNCATE, which would commit.
-- Safe to repeat: yes.
DELETE FROM hourly_kpis
