"""The folder OUT: refused, locked, switched from commit to commit, mended after a kill."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commands import spark_run
from commands.console import CommandError
from commands.folder_run.snapshot import SHOWN, STATE, Snapshot, check_room, open_output, publish
from maintenance.parquet_tables import arrow_schema, write_table
from spark_jobs import schemas

EMPTY = Snapshot(0, Path("none"), None, {})


def a_built_commit(staging: Path, mark: str = "first") -> Path:
    """A commit folder whose accounting tells it from others."""
    built = staging / "commit"
    for table, schema in schemas.TABLES.items():
        write_table(arrow_schema(schema).empty_table(), built / table)
    write_table(arrow_schema(schemas.QUARANTINE).empty_table(), built / "quarantine")
    (built / "accounting.json").write_text(json.dumps({"run": mark}))
    return built


def publish_one(out: Path, number: int, mark: str) -> None:
    with open_output(out):
        built = a_built_commit(out / STATE / "staging", mark)
        snapshot = Snapshot(number, built, f"version-{number}", {"data/streams/a.csv": {}})
        publish(out, snapshot, built)


def shown_run(out: Path) -> str:
    return str(json.loads((out / "accounting.json").read_text())["run"])


def commits(out: Path) -> list[int]:
    return sorted(int(path.name) for path in (out / STATE / "commits").iterdir())


def test_a_new_out_is_made_and_begins_empty(tmp_path: Path) -> None:
    with open_output(tmp_path / "new" / "out") as snapshot:
        assert replace(snapshot, folder=EMPTY.folder) == EMPTY
        assert not snapshot.lake.exists()


def test_a_published_commit_is_shown_whole_and_found_again(tmp_path: Path) -> None:
    publish_one(tmp_path / "out", 1, "first")

    shown = {path.name for path in (tmp_path / "out").iterdir() if not path.name.startswith(".")}
    assert shown == set(SHOWN)
    assert shown_run(tmp_path / "out") == "first"
    assert pq.read_table(tmp_path / "out" / "songs").num_rows == 0
    with open_output(tmp_path / "out") as snapshot:
        folder = tmp_path / "out" / STATE / "commits" / f"{1:010d}"
        assert snapshot == Snapshot(1, folder, "version-1", {"data/streams/a.csv": {}})


def test_the_last_commit_stays_for_its_readers_and_older_ones_go(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        publish_one(tmp_path / "out", number, f"run {number}")

    assert commits(tmp_path / "out") == [2, 3]
    assert shown_run(tmp_path / "out") == "run 3"


def test_a_moved_out_is_still_whole(tmp_path: Path) -> None:
    publish_one(tmp_path / "out", 1, "first")
    (tmp_path / "out").rename(tmp_path / "moved")

    assert shown_run(tmp_path / "moved") == "first"


@pytest.mark.parametrize("killed_at", ["rename", "symlink_to", "replace"])
def test_a_kill_while_publishing_shows_the_old_commit_and_the_next_call_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    publish_one(tmp_path / "out", 1, "first")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, killed_at, die)
        with pytest.raises(KeyboardInterrupt):
            publish_one(tmp_path / "out", 2, "killed")

    assert shown_run(tmp_path / "out") == "first"
    publish_one(tmp_path / "out", 2, "second")
    assert shown_run(tmp_path / "out") == "second"
    assert commits(tmp_path / "out") == [1, 2]


def test_what_a_killed_call_left_is_cleared(tmp_path: Path) -> None:
    publish_one(tmp_path / "out", 1, "first")
    (tmp_path / "out" / STATE / "staging" / "extract_metadata").mkdir(parents=True)
    (tmp_path / "out" / STATE / "commits" / f"{2:010d}").mkdir()

    with open_output(tmp_path / "out"):
        assert not (tmp_path / "out" / STATE / "staging").exists()
        assert commits(tmp_path / "out") == [1]


def test_a_second_call_on_the_same_out_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind in ("users", "songs", "streams"):
        (tmp_path / "data" / kind).mkdir(parents=True)
    out = tmp_path / "out"

    with open_output(out):
        code = spark_run.main(["--data", str(tmp_path / "data"), "--out", str(out)])

    assert code == 2
    assert capsys.readouterr().err == (
        f"error: another spark-run works on {out}: wait for it to end\n"
    )
    with open_output(out):
        pass


def test_two_outs_do_not_lock_each_other(tmp_path: Path) -> None:
    with open_output(tmp_path / "one"), open_output(tmp_path / "other"):
        assert (tmp_path / "other" / STATE).is_dir()


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")

    with pytest.raises(CommandError, match="holds other files: name an empty or a new folder"):
        open_output(tmp_path).__enter__()

    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("kind", ["file", "link to nothing"])
def test_an_out_that_is_no_folder_is_refused(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "out"
    if kind == "file":
        out.write_text("mine")
    else:
        out.symlink_to(tmp_path / "nothing")

    with pytest.raises(CommandError, match="out is no folder: name another OUT"):
        open_output(out).__enter__()


def test_a_link_to_a_folder_is_an_out(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "folder")

    publish_one(tmp_path / "out", 1, "first")

    assert shown_run(tmp_path / "folder") == "first"


def test_a_table_that_somebody_else_put_there_is_refused(tmp_path: Path) -> None:
    publish_one(tmp_path / "out", 1, "first")
    (tmp_path / "out" / "users").unlink()
    (tmp_path / "out" / "users").mkdir()

    with pytest.raises(CommandError, match="users was not written by make spark-run: move it away"):
        open_output(tmp_path / "out").__enter__()


@pytest.mark.parametrize("name", ["part-00000.parquet", "zzz.parquet"])
def test_a_table_of_another_schema_is_refused_with_both_named(tmp_path: Path, name: str) -> None:
    publish_one(tmp_path / "out", 1, "first")
    path = tmp_path / "out" / "hourly_kpis" / name
    path.unlink(missing_ok=True)
    pq.write_table(pa.table({"hour": ["noon"]}), path)

    with pytest.raises(CommandError) as error:
        open_output(tmp_path / "out").__enter__()

    assert str(error.value) == (
        "hourly_kpis in OUT holds (hour string), expected (hour timestamp[us, tz=UTC], "
        "unique_listeners int64, total_plays int64, unique_tracks int64, top_artist string, "
        "top_artist_plays int64, track_diversity_index double): name a new OUT"
    )


def test_a_damaged_table_is_refused(tmp_path: Path) -> None:
    publish_one(tmp_path / "out", 1, "first")
    os.truncate(tmp_path / "out" / "genre_kpis" / "part-00000.parquet", 10)

    with pytest.raises(CommandError, match=r"part-00000.parquet is damaged: name a new OUT"):
        open_output(tmp_path / "out").__enter__()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_found_before_anything_starts() -> None:
    with (
        pytest.raises(OSError, match="No space left on device"),
        Path("/dev/full").open("w") as full,
    ):
        check_room(full)
