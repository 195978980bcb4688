-- The peers' work in DuckDB, for commands/benchmark/peers.py. Statements end with a semicolon at a line's end.
CREATE TABLE parsed AS
SELECT
    -- DuckDB 2.0 hands a bare TRY_CAST to its CSV reader, which then fails on the first bad value.
    CASE WHEN regexp_full_match(user_id, '[0-9]{1,18}') THEN try_cast(user_id AS BIGINT) END
        AS user_id,
    track_id,
    CASE WHEN strlen(listen_time) = 19 THEN try_cast(listen_time AS TIMESTAMP) END AS listen_time
FROM read_csv(
    $streams,
    header = true,
    all_varchar = true,
    auto_detect = false,
    columns = {'user_id': 'VARCHAR', 'track_id': 'VARCHAR', 'listen_time': 'VARCHAR'},
    delim = ',',
    quote = '',
    escape = '',
    null_padding = true
);
CREATE TABLE valid AS
SELECT user_id, track_id, listen_time
FROM parsed
WHERE
    user_id > 0
    AND strlen(track_id) BETWEEN 1 AND 64
    AND listen_time BETWEEN TIMESTAMP '2000-01-01' AND $latest;
CREATE TABLE plays AS
SELECT DISTINCT user_id, track_id, listen_time
FROM valid;
CREATE TABLE counts AS
SELECT
    (SELECT count(*) FROM parsed) AS rows_read,
    (SELECT count(*) FROM valid) AS rows_valid,
    (SELECT count(*) FROM plays) AS rows_accepted;
CREATE TABLE songs AS
SELECT id, track_id, artists, track_name, popularity, duration_ms, track_genre
FROM read_csv($songs, header = true);
CREATE TABLE played AS
SELECT genre_row.*, tracks.play_count
FROM (SELECT track_id, count(*) AS play_count FROM plays GROUP BY track_id) AS tracks
INNER JOIN (
    SELECT DISTINCT ON (track_id, track_genre)
        track_id, track_genre, track_name, popularity, duration_ms
    FROM songs
    ORDER BY track_id, track_genre, id
) AS genre_row USING (track_id);
CREATE TABLE genre_kpis AS
SELECT
    track_genre,
    listen_count,
    avg_track_duration_ms,
    100 * (0.5 * listen_count / max(listen_count) OVER () + 0.5 * avg_popularity / 100)
        AS popularity_index,
    top.track_id AS track_id,
    top.track_name AS track_name,
    top.play_count AS track_listen_count
FROM (
    SELECT
        track_genre,
        sum(play_count)::BIGINT AS listen_count,
        sum(duration_ms * play_count) / sum(play_count) AS avg_track_duration_ms,
        sum(popularity * play_count) / sum(play_count) AS avg_popularity,
        first(
            {'track_id': track_id, 'track_name': track_name, 'play_count': play_count}
            ORDER BY play_count DESC, popularity DESC, track_id
        ) AS top
    FROM played
    GROUP BY track_genre
);
CREATE TABLE hourly_kpis AS
SELECT
    hour,
    unique_listeners,
    total_plays,
    unique_tracks,
    top_artist,
    top_artist_plays,
    unique_tracks / total_plays AS track_diversity_index
FROM (
    SELECT
        date_trunc('hour', listen_time) AS hour,
        count(DISTINCT user_id) AS unique_listeners,
        count(*) AS total_plays,
        count(DISTINCT track_id) AS unique_tracks
    FROM plays
    GROUP BY ALL
)
LEFT JOIN (
    SELECT hour, artist AS top_artist, plays AS top_artist_plays
    FROM (
        SELECT
            hour,
            artist,
            plays,
            row_number() OVER (PARTITION BY hour ORDER BY plays DESC, artist) AS place
        FROM (
            SELECT hour, artist, sum(plays)::BIGINT AS plays
            FROM (
                SELECT date_trunc('hour', listen_time) AS hour, track_id, count(*) AS plays
                FROM plays
                GROUP BY ALL
            )
            INNER JOIN (
                SELECT DISTINCT track_id, unnest(string_split(artists, ';')) AS artist
                FROM (
                    SELECT DISTINCT ON (track_id) track_id, artists
                    FROM songs
                    ORDER BY track_id, id
                )
            ) USING (track_id)
            GROUP BY ALL
        )
    )
    WHERE place = 1
) USING (hour);
COPY plays TO ($out || '/plays.parquet');
COPY genre_kpis TO ($out || '/genre_kpis.parquet');
COPY hourly_kpis TO ($out || '/hourly_kpis.parquet')
