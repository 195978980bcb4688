"""Users and songs come from S3 into RDS, what was refused or rejected is told, once."""

import base64
import dataclasses
import gzip
import json
import logging
from typing import Any

import pytest

from dags.protocol.errors import FinalError
from dags.protocol.params import RunParams
from dags.systems.bucket import BucketError
from dags.systems.metadata import MetadataError
from tests.dags.metadata_place import NAME, RUN, Place, open_place

QUARANTINE = f"quarantine/metadata/run={NAME}.jsonl.gz"
REPORT = f"reports/metadata/run={NAME}.json"


def test_an_empty_table_without_a_file_fails_the_run_for_good(place: Place) -> None:
    with pytest.raises(FinalError, match="table users is empty and no file would fill it"):
        place.run()


def test_a_database_without_its_migrations_fails_the_run_for_good(
    empty_dsn: dict[str, Any],
) -> None:
    with pytest.raises(FinalError, match="lacks 0001_create_users.sql, .*: run `make up`"):
        open_place(empty_dsn).run()


def test_a_database_that_is_away_may_be_there_at_the_next_try(empty_dsn: dict[str, Any]) -> None:
    with pytest.raises(MetadataError, match="cannot open") as caught:
        open_place(empty_dsn | {"port": 1}).run()

    assert not isinstance(caught.value, FinalError)


def test_a_file_that_is_replaced_while_it_is_read_leaves_the_old_rows(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.deliver("users/u.csv", "1,Ann,,,")
    place.run()
    place.deliver("users/u.csv", "2,Bo,,,")
    listed = list(place.pipeline.bucket.list_objects("data/users/"))
    place.deliver("users/u.csv", "3,Cy,,,")
    objects = type(place.pipeline.bucket).list_objects
    stale = {"data/users/": listed}
    monkeypatch.setattr(
        type(place.pipeline.bucket),
        "list_objects",
        lambda self, prefix: iter(stale.get(prefix) or objects(self, prefix)),
    )

    with pytest.raises(BucketError, match=r"data/users/u\.csv was replaced or removed while"):
        place.run()

    assert place.users() == [1]
    assert place.s3.writes == []


def test_a_dry_run_asks_nobody(place: Place) -> None:
    def refuse() -> Any:
        raise AssertionError("a dry run opened the database")

    place.pipeline = dataclasses.replace(place.pipeline, open_metadata=refuse)

    assert place.run(RunParams(dry_run=True)) == {"is_changed": False}
    assert place.s3.writes == []


def test_good_rows_load_and_the_report_says_what_became_of_each_file(place: Place) -> None:
    place.deliver("users/u.csv", "1,Ann,,,", "x,Bo,,,")
    place.deliver("users/v.csv.gz", "2,Cy,,,")

    result = place.run()

    assert result["is_changed"] is True
    assert place.users() == [1, 2]
    report = json.loads(place.s3.objects[REPORT][0])
    assert report["version"] == result["version"]
    assert report["rows_changed"] == {"users": 2, "songs": 1}
    assert [(f["file_key"], f["rows_read"], f["rows_loaded"]) for f in report["files"]] == [
        ("data/songs/s.csv", 1, 1),
        ("data/users/u.csv", 2, 1),
        ("data/users/v.csv.gz", 1, 1),
    ]
    assert place.told.messages == []


def test_a_rejected_row_is_kept_as_it_came(place: Place) -> None:
    place.deliver("users/u.csv", "1,Ann,,,", "x,Bö,,,")

    place.run()

    (line,) = gzip.decompress(place.s3.objects[QUARANTINE][0]).splitlines()
    row = json.loads(line)
    assert (row["file_key"], row["reason"]) == ("data/users/u.csv", "invalid_user_id")
    assert base64.b64decode(row["raw_line"]) == "x,Bö,,,".encode()


def test_a_load_without_rejected_rows_leaves_no_quarantine(place: Place) -> None:
    place.deliver("users/u.csv", "1,Ann,,,")

    place.run()

    assert place.s3.writes == [REPORT]


def test_a_second_run_finds_nothing_to_do(place: Place) -> None:
    place.deliver("users/u.csv", "1,Ann,,,", "x,Bo,,,")
    first = place.run()

    second = place.run()

    assert second == {"is_changed": False, "version": first["version"]}
    assert place.s3.writes == []


def test_what_is_no_delivery_is_told_and_left_alone(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    place.deliver("users/u.csv", "1,Ann,,,")
    for key in ("data/users/_SUCCESS", "data/users/.u.csv", "data/users/", "data/users/u.json"):
        place.pipeline.bucket.put(key, b"x")

    place.run()

    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    ignored = [text.split("] ")[-1] for text in warnings]
    names = ("data/users/.u.csv", "data/users/_SUCCESS", "data/users/u.json")
    assert ignored == [f"{name} is no delivery: left alone" for name in names]


def test_a_refused_file_is_told_and_its_old_rows_stay(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    place.deliver("users/u.csv", "1,Ann,,,")
    place.run()
    place.pipeline.bucket.put("data/users/u.csv", b"user_id,name\n2,Bo\n")

    result = place.run()

    refused = (
        "refused: data/users/u.csv: columns: it lacks user_name, user_age, user_country, "
        'created_at; its header is "user_id,name"; its header has other names: name the columns as '
        "missing here"
    )
    assert result["is_changed"] is True
    assert place.users() == [1]
    assert place.told.messages == [
        "music_streaming_etl refused 1 metadata file(s)\n"
        f"run {RUN}, task load_metadata_to_rds:\n{refused}"
    ]
    (error,) = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert error.endswith(refused)
    assert json.loads(place.s3.objects[REPORT][0])["told"][0] == refused
    (warning,) = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert warning.endswith(
        "all rows of users that were loaded before stay, while a file is refused: data/users/u.csv"
    )


def test_a_first_file_that_is_refused_fails_the_run_for_good_and_its_rows_can_be_seen(
    place: Place,
) -> None:
    place.deliver("users/u.csv", *["x,Bo,,,"] * 20)

    with pytest.raises(FinalError, match=r"users is empty .* refused: data/users/u\.csv: too_many"):
        place.run()

    assert len(gzip.decompress(place.s3.objects[QUARANTINE][0]).splitlines()) == 20
    assert "data/users/u.csv: too_many_rejected_rows" in place.told.messages[0]


def test_rows_that_another_track_took_the_id_of_are_told_by_file(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    place.deliver("users/u.csv", "1,Ann,,,")
    place.deliver("songs/t.csv", "1,u" + "," * 19)

    place.run()

    first, _, _ = json.loads(place.s3.objects[REPORT][0])["files"]
    assert first["rows_replaced"] == {"data/songs/t.csv": 1}
    (warning,) = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert "1 rows of data/songs/s.csv were replaced by rows of other tracks from" in warning


def test_the_configuration_says_what_is_a_row_of_the_past_and_what_a_track_begins_with(
    place: Place,
) -> None:
    place.deliver("users/u.csv", "1,Ann,,,", "2,Bo,,,")
    place.run()
    settings = place.pipeline.settings
    upsert = dataclasses.replace(settings, metadata_mode="upsert", track_id_prefix="a:")
    place.pipeline = dataclasses.replace(place.pipeline, settings=upsert)
    place.deliver("users/u.csv", "1,Ann,,,")
    place.deliver("songs/s.csv", "1,a:t" + "," * 19)

    place.run()

    assert place.users() == [1, 2]
    with place.pipeline.open_metadata() as opened, opened.cursor() as cursor:
        cursor.execute("SELECT track_id FROM songs")
        assert cursor.fetchall() == [("t",)]


def test_the_runs_share_lets_in_what_the_configured_one_refuses(place: Place) -> None:
    place.pipeline = dataclasses.replace(
        place.pipeline,
        settings=dataclasses.replace(place.pipeline.settings, min_rejected_rows=1),
    )
    place.deliver("users/u.csv", "1,Ann,,,", "x,Bo,,,")
    place.deliver("users/v.csv", "2,Cy,,,")

    place.run()
    refused, told = place.users(), list(place.told.messages)
    place.run(RunParams(max_rejected_share=0.5))

    assert refused == [2]
    assert "data/users/u.csv: too_many_rejected_rows" in told[0]
    assert place.users() == [1, 2]
    assert len(place.told.messages) == 1


def test_what_people_need_to_know_is_there_before_the_rows_are(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.deliver("users/a.csv", "1,Ann,30,X,2020-01-01", "x,Bob,30,X,2020-01-01")

    def die(*_: Any) -> None:
        raise OSError("no room in S3")

    with monkeypatch.context() as patch:
        patch.setattr(type(place.pipeline.bucket), "upload", die)
        with pytest.raises(OSError, match="no room"):
            place.run()
    assert place.users() == []

    place.run()

    assert place.users() == [1]
    assert QUARANTINE in place.s3.writes
