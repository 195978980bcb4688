-- The row of etl_state: commit 0, which no plan made. Safe to repeat: no, a migration.
INSERT INTO etl_state (commit_no, plan)
VALUES (0, NULL)
