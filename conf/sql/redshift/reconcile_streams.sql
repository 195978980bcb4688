-- How many plays streams holds in each hour, and a sum that only the same plays give.
-- Grain: one row per hour, UTC. A play's number is eighteen digits of the MD5 of its three columns,
-- the letters a to f as 0 to 5. `maintenance.counted_plays` has its like.
-- GETDATE keeps the answer out of the cache of results.
-- Reads: streams, once.   Safe to repeat: yes.
SELECT
    TO_CHAR(DATE_TRUNC('hour', listen_time), 'YYYY-MM-DD HH24:MI') AS play_hour,
    COUNT(*) AS plays,
    SUM(CAST(SUBSTRING(TRANSLATE(MD5(
        CAST(user_id AS VARCHAR(20)) || ',' || track_id || ','
        || CAST(DATEDIFF(microsecond, CAST('1970-01-01' AS TIMESTAMP), listen_time) AS VARCHAR(20))
    ), 'abcdef', '012345'), 1, 18) AS BIGINT)) AS checksum
FROM streams
WHERE GETDATE() IS NOT NULL
GROUP BY 1
ORDER BY 1
