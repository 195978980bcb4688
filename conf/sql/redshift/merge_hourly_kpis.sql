-- The stage of hourly_kpis into the table. Grain: one row per hour.
-- Reads: stage_hourly_kpis (loaded by COPY in the same batch).   Safe to repeat: yes.
MERGE INTO hourly_kpis
USING stage_hourly_kpis AS stage
ON hourly_kpis.hour = stage.hour
WHEN MATCHED THEN UPDATE SET
    unique_listeners = stage.unique_listeners,
    total_plays = stage.total_plays,
    unique_tracks = stage.unique_tracks,
    top_artist = stage.top_artist,
    top_artist_plays = stage.top_artist_plays,
    track_diversity_index = stage.track_diversity_index
WHEN NOT MATCHED THEN INSERT (
    hour,
    unique_listeners,
    total_plays,
    unique_tracks,
    top_artist,
    top_artist_plays,
    track_diversity_index
)
VALUES (
    stage.hour,
    stage.unique_listeners,
    stage.total_plays,
    stage.unique_tracks,
    stage.top_artist,
    stage.top_artist_plays,
    stage.track_diversity_index
)
