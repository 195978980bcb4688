-- Parsed rows into stage_users. Grain: one row per line of a file. An empty field is null.
-- Reads: CSV from the client.   Safe to repeat: no, rows would stand twice.
COPY stage_users (
    file_number,
    line_number,
    user_id,
    user_name,
    user_age,
    user_country,
    created_at
) FROM STDIN (FORMAT csv)
