-- The stage of streams into the table. Grain: one row per play.
-- A play that is there already stays one.
-- Reads: stage_streams (loaded by COPY in the same batch).   Safe to repeat: yes.
MERGE INTO streams
USING stage_streams AS stage
ON streams.user_id = stage.user_id
AND streams.track_id = stage.track_id
AND streams.listen_time = stage.listen_time
WHEN MATCHED THEN UPDATE SET
    listen_time = stage.listen_time
WHEN NOT MATCHED THEN INSERT (
    user_id,
    track_id,
    listen_time
)
VALUES (
    stage.user_id,
    stage.track_id,
    stage.listen_time
)
