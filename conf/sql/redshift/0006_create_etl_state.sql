-- The last commit and the S3 key of its plan. One row, which each run moves from n to n + 1.
-- Safe to repeat: no, a migration.
CREATE TABLE etl_state (
    commit_no BIGINT NOT NULL,
    plan VARCHAR(1024)
)
