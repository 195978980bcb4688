-- The stage of users into the table. Grain: one row per listener.
-- Reads: stage_users (loaded by COPY in the same batch).   Safe to repeat: yes.
MERGE INTO users
USING stage_users AS stage
ON users.user_id = stage.user_id
WHEN MATCHED THEN UPDATE SET
    user_name = stage.user_name,
    user_age = stage.user_age,
    user_country = stage.user_country,
    created_at = stage.created_at
WHEN NOT MATCHED THEN INSERT (
    user_id,
    user_name,
    user_age,
    user_country,
    created_at
)
VALUES (
    stage.user_id,
    stage.user_name,
    stage.user_age,
    stage.user_country,
    stage.created_at
)
