-- Genres that have no play any more, since their songs changed.
-- Reads: stage_genre_kpis, which holds all genres.   Safe to repeat: yes.
DELETE FROM genre_kpis
WHERE NOT EXISTS (
    SELECT 1
    FROM stage_genre_kpis
    WHERE stage_genre_kpis.track_genre = genre_kpis.track_genre
)
