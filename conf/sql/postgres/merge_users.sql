-- The staged rows into users: of a repeated key the last row of the greatest file. Equal rows stay.
-- Grain: one row per user_id. Rows that are in no file stay here.
-- Reads: stage_users.   Safe to repeat: yes.
MERGE INTO users
USING (
    SELECT DISTINCT ON (user_id)
        user_id,
        user_name,
        user_age,
        user_country,
        created_at
    FROM stage_users
    ORDER BY
        user_id,
        file_number DESC,
        line_number DESC
) AS stage
ON users.user_id = stage.user_id
WHEN MATCHED AND (
    users.user_name,
    users.user_age,
    users.user_country,
    users.created_at
) IS DISTINCT FROM (
    stage.user_name,
    stage.user_age,
    stage.user_country,
    stage.created_at
) THEN UPDATE SET
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
