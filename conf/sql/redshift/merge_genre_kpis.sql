-- The stage of genre_kpis into the table. Grain: one row per genre.
-- Reads: stage_genre_kpis (loaded by COPY in the same batch).   Safe to repeat: yes.
MERGE INTO genre_kpis
USING stage_genre_kpis AS stage
ON genre_kpis.track_genre = stage.track_genre
WHEN MATCHED THEN UPDATE SET
    listen_count = stage.listen_count,
    avg_track_duration_ms = stage.avg_track_duration_ms,
    popularity_index = stage.popularity_index,
    track_id = stage.track_id,
    track_name = stage.track_name,
    track_listen_count = stage.track_listen_count
WHEN NOT MATCHED THEN INSERT (
    track_genre,
    listen_count,
    avg_track_duration_ms,
    popularity_index,
    track_id,
    track_name,
    track_listen_count
)
VALUES (
    stage.track_genre,
    stage.listen_count,
    stage.avg_track_duration_ms,
    stage.popularity_index,
    stage.track_id,
    stage.track_name,
    stage.track_listen_count
)
