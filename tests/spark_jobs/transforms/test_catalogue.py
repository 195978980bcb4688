"""Which artists and genres a track has."""

from chispa.dataframe_comparer import assert_df_equality
from pyspark.sql import SparkSession
from pyspark.sql.types import ArrayType, IntegerType, StringType, StructType

from spark_jobs.schemas import SONGS, value
from spark_jobs.transforms.catalogue import list_track_artists, list_track_genres
from tests.builders import a_song, frame, songs

TRACK_ARTISTS = StructType(
    [SONGS["track_id"], value("artists", ArrayType(StringType(), containsNull=True))]
)
COLUMNS = TRACK_ARTISTS.fieldNames()
GENRE_COLUMNS = ("track_id", "track_genre", "popularity", "duration_ms")
TRACK_GENRES = StructType(
    [value("song_id", IntegerType()), *(SONGS[name] for name in GENRE_COLUMNS)]
)


def test_artists_are_split_trimmed_and_named_once(spark: SparkSession) -> None:
    credits = {
        "one": ("Ann", ["Ann"]),
        "two": ("Ann;Bob", ["Ann", "Bob"]),
        "padded": (" Ann ;\tBob\r\n; Cy\x0b\x0c", ["Ann", "Bob", "Cy"]),
        "empties": (";Ann;; ;\t;Bob;", ["Ann", "Bob"]),
        "repeated": ("Ann;Bob; Ann;Ann", ["Ann", "Bob"]),
        "cases": ("Ann;ann;ANN", ["Ann", "ann", "ANN"]),
        "other commas": ("Ann, Bob;C|D (feat. E)", ["Ann, Bob", "C|D (feat. E)"]),
        "other blanks": ("\xa0Ann;\u2028;Bob\x85", ["\xa0Ann", "\u2028", "Bob\x85"]),
        "foreign": ("Zoë;é😀", ["Zoë", "é😀"]),
        "blanks inside": ("Mira  Vale", ["Mira  Vale"]),
        "empty": ("", []),
        "blank": (" ; ", []),
        "null": (None, []),
    }
    rows = [
        a_song(number, track, artists=written)
        for number, (track, (written, _)) in enumerate(credits.items(), start=1)
    ]

    artists = list_track_artists(songs(spark, *rows)).select(COLUMNS)

    expected = frame(spark, TRACK_ARTISTS, *((track, row[1]) for track, row in credits.items()))
    assert_df_equality(artists, expected, ignore_row_order=True, ignore_nullable=True)


def test_of_several_rows_of_a_track_the_lowest_id_names_the_artists(spark: SparkSession) -> None:
    catalogue = songs(
        spark,
        a_song(10, "t1", artists="Late", track_genre="a"),
        a_song(9, "t1", artists="First", track_genre=None),
        a_song(-1, "t2", artists=None),
        a_song(2, "t2", artists="Late"),
        a_song(1, None, artists="Of no track"),
    )

    artists = list_track_artists(catalogue).select(COLUMNS)

    expected = frame(spark, TRACK_ARTISTS, ("t1", ["First"]), ("t2", []))
    assert_df_equality(artists, expected, ignore_row_order=True, ignore_nullable=True)


def test_a_track_is_once_in_each_of_its_genres_by_its_lowest_id(spark: SparkSession) -> None:
    catalogue = songs(
        spark,
        a_song(10, "t1", track_genre="pop", popularity=99, duration_ms=1),
        a_song(9, "t1", track_genre="pop", popularity=None, duration_ms=None),
        a_song(11, "t1", track_genre="Pop", popularity=0, duration_ms=2),
        a_song(1, "t1", track_genre=None),
        a_song(2, None, track_genre="pop"),
        a_song(3, None, track_genre=None),
        a_song(4, "t2", track_genre="pop", popularity=50, duration_ms=3),
    )

    genres = list_track_genres(catalogue)

    expected = frame(
        spark,
        TRACK_GENRES,
        (9, "t1", "pop", None, None),
        (11, "t1", "Pop", 0, 2),
        (4, "t2", "pop", 50, 3),
    )
    assert_df_equality(genres, expected, ignore_row_order=True, ignore_nullable=True)


def test_no_songs_have_neither_artists_nor_genres(spark: SparkSession) -> None:
    artists = list_track_artists(songs(spark)).select(COLUMNS)
    genres = list_track_genres(songs(spark))

    assert_df_equality(artists, frame(spark, TRACK_ARTISTS), ignore_nullable=True)
    assert_df_equality(genres, frame(spark, TRACK_GENRES), ignore_nullable=True)
