"""`make validate`: five queries as they are written, each with its rows."""

from pathlib import Path

import pytest

from commands import validate
from tests.flow_deliveries import FIRST, SONGS
from tests.pipeline_world import World

QUERIES = (
    "SELECT track_genre, listen_count, avg_track_duration_ms, popularity_index, track_name "
    "FROM genre_kpis ORDER BY listen_count DESC LIMIT 5",
    "SELECT hour, unique_listeners, total_plays, top_artist, track_diversity_index "
    "FROM hourly_kpis ORDER BY total_plays DESC LIMIT 5",
    "SELECT * FROM users LIMIT 5",
    "SELECT * FROM songs LIMIT 5",
    "SELECT * FROM streams LIMIT 5",
)


def test_each_query_is_printed_with_its_rows(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.deliver_metadata(SONGS)
    world.deliver("a.csv", *FIRST)
    world.run("first")
    capsys.readouterr()

    assert validate.main(["--state", str(world.stack.config.state)]) == 0

    out, err = capsys.readouterr()
    blocks = out.removesuffix("\n\n").split("\n\n")
    assert [block.splitlines()[0] for block in blocks] == [f"{sql};" for sql in QUERIES]
    plays, genres = len(world.tables()["streams"]), len(world.tables()["genre_kpis"])
    assert min(plays, genres) > 0
    assert blocks[0].splitlines()[-1] == (f"({genres} rows)" if genres > 1 else "(1 row)")
    assert blocks[2].splitlines()[1].split()[:2] == ["user_id", "user_name"]
    assert len(blocks[4].splitlines()) == min(plays, 5) + 3
    assert err == ""


def test_a_state_that_is_no_folder_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")

    assert validate.main(["--state", str(tmp_path / "file")]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1
