"""A folder of a user and a song, without plays."""

from pathlib import Path

USERS = "user_id,user_name,user_age,user_country,created_at\n1,Zeta Lumen,31,Arvenia,2024-01-02\n"
SONGS = (
    "id,track_id,artists,album_name,track_name,popularity,duration_ms,explicit,danceability,"
    "energy,key,loudness,mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,"
    "time_signature,track_genre\n"
    "1,t,Mira Vale,First Light,Dawn,50,200000,False,0.5,0.5,1,-7.5,1,0.1,0.1,0,0.2,0.6,120,4,x\n"
)


def deliver(data: Path) -> Path:
    """Make a good folder without plays."""
    for kind in ("users", "songs", "streams"):
        (data / kind).mkdir(parents=True)
    (data / "users" / "users.csv").write_text(USERS)
    (data / "songs" / "songs.csv").write_text(SONGS)
    return data
