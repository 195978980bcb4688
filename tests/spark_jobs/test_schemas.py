"""The declared shapes are those written down here: names, order, types, keys, widths of texts."""

import pytest
from pyspark.sql.types import StringType, StructType

from spark_jobs import schemas

LAKE_AND_RUN = {
    "track_plays": schemas.TRACK_PLAYS,
    "touched_hours": schemas.TOUCHED_HOURS,
    "quarantine": schemas.QUARANTINE,
}

EXPECTED = {
    "users": "user_id* bigint, user_name string(256), user_age int, user_country string(64), "
    "created_at date",
    "songs": "id* int, track_id string(64), artists string(2048), album_name string(1024), "
    "track_name string(2048), popularity int, duration_ms int, explicit boolean, "
    "danceability double, energy double, key int, loudness double, mode int, "
    "speechiness double, acousticness double, instrumentalness double, liveness double, "
    "valence double, tempo double, time_signature int, track_genre string(64)",
    "streams": "user_id* bigint, track_id* string(64), listen_time* timestamp",
    "genre_kpis": "track_genre* string(64), listen_count bigint, avg_track_duration_ms double, "
    "popularity_index double, track_id string(64), track_name string(2048), "
    "track_listen_count bigint",
    "hourly_kpis": "hour* timestamp, unique_listeners bigint, total_plays bigint, "
    "unique_tracks bigint, top_artist string(2048), top_artist_plays bigint, "
    "track_diversity_index double",
    "track_plays": "track_id* string(64), play_count* bigint",
    "touched_hours": "hour* timestamp",
    "quarantine": "file_key* string, raw_line* binary, reason* string",
}


def written(schema: StructType) -> str:
    """Write a schema down: keys starred, text with its width in bytes."""
    return ", ".join(
        f"{field.name}{'' if field.nullable else '*'} {field.dataType.simpleString()}"
        + (f"({field.metadata['width']})" if "width" in field.metadata else "")
        for field in schema.fields
    )


@pytest.mark.parametrize(("table", "schema"), [*schemas.TABLES.items(), *LAKE_AND_RUN.items()])
def test_a_dataset_has_the_columns_of_the_design(table: str, schema: StructType) -> None:
    assert written(schema) == EXPECTED[table]


def test_the_five_tables_stand_in_the_order_of_their_loading() -> None:
    assert list(schemas.TABLES) == ["users", "songs", "streams", "genre_kpis", "hourly_kpis"]
    assert {*schemas.TABLES, *LAKE_AND_RUN} == set(EXPECTED)


@pytest.mark.parametrize("table", schemas.TABLES)
def test_every_text_of_the_warehouse_has_a_width(table: str) -> None:
    texts = [field for field in schemas.TABLES[table] if field.dataType == StringType()]

    assert all(field.metadata["width"] > 0 for field in texts)


def test_a_column_of_one_name_has_one_type_and_width_everywhere() -> None:
    found: dict[str, set[str]] = {}
    for schema in [*schemas.TABLES.values(), *LAKE_AND_RUN.values()]:
        for field in schema:
            kind = f"{field.dataType.simpleString()} {field.metadata.get('width')}"
            found.setdefault(field.name, set()).add(kind)

    assert len(found) > 30
    assert {name: kinds for name, kinds in found.items() if len(kinds) > 1} == {}
