-- Parsed rows into stage_songs. Grain: one row per line of a file. An empty field is null.
-- Reads: CSV from the client.   Safe to repeat: no, rows would stand twice.
COPY stage_songs (
    file_number,
    line_number,
    id,
    track_id,
    artists,
    album_name,
    track_name,
    popularity,
    duration_ms,
    "explicit",
    danceability,
    energy,
    key,
    loudness,
    mode,
    speechiness,
    acousticness,
    instrumentalness,
    liveness,
    valence,
    tempo,
    time_signature,
    track_genre
) FROM STDIN (FORMAT csv)
