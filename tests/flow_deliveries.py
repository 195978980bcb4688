"""Cases of the whole flow about what is delivered: late, twice, changed, broken.

Each begins with an empty world and ends in its proof, whatever jobs the world has.
"""

from tests.pipeline_world import World
from tests.reference_kpis import Song

DAWN = Song(1, "dawn", "Ann;Bob", "Dawn", 60, 200_000, "pop")
DAWN_AS_ROCK = Song(2, "dawn", "Ann;Bob", "Dawn", 60, 200_000, "rock")
DUSK = Song(3, "dusk", "Cleo", "Dusk", 40, 100_000, "rock")
SONGS = (DAWN, DAWN_AS_ROCK, DUSK)
FIRST = ("1,dawn,2024-06-01 10:00:00", "2,dawn,2024-06-01 10:30:00", "1,dusk,2024-06-01 11:00:00")
SECOND = ("1,dawn,2024-06-01 10:00:00", "3,dusk,2024-06-01 10:59:59", "4,lost,2024-06-02 00:00:00")
THIRD = ("5,dawn,2024-05-31 23:59:59", "5,dusk,2024-06-02 00:00:00", "6,dusk,2024-06-02 00:00:01")
GOOD = tuple(f"{user},dawn,2024-06-01 10:00:00" for user in range(1, 21))
BAD = tuple(f"{user},dawn,yesterday" for user in range(1, 31))


def a_run_without_a_play_before_one_with_plays(world: World) -> None:
    world.deliver_metadata(SONGS)
    world.deliver("refused.csv", "1,dawn", header="user_id,track_id")
    assert world.run("no play") == "committed"
    world.assert_tables()
    world.deliver("a.csv", *FIRST)

    assert world.run("plays") == "committed"

    world.assert_tables()


def three_files_in_one_run(world: World) -> None:
    world.deliver_metadata(SONGS)
    for name, lines in (("a.csv", FIRST), ("b.csv", SECOND), ("c.csv", THIRD)):
        world.deliver(name, *lines)

    assert world.run("daily") == "committed"

    world.assert_tables()
    hours = {row[0].isoformat(): row[1:4] for row in world.tables()["hourly_kpis"]}
    assert hours["2024-06-01T10:00:00+00:00"] == (3, 3, 2)
    genres = {row[0]: row[1] for row in world.tables()["genre_kpis"]}
    assert genres == {"pop": 3, "rock": 7}


def three_files_in_three_runs(world: World) -> None:
    world.deliver_metadata(SONGS)
    for day, (name, lines) in enumerate((("c.csv", THIRD), ("a.csv", FIRST), ("b.csv", SECOND))):
        world.deliver(name, *lines)
        assert world.run(f"day {day}") == "committed"

    world.assert_tables()
    assert world.state()[0] == 3


def a_late_file_in_a_date_folder(world: World) -> None:
    world.deliver_metadata(SONGS)
    world.deliver("2026/01/02/a.csv", *FIRST)
    world.run("first")
    world.deliver("2026/01/01/late.csv", *SECOND)

    world.run("second", files=["data/streams/2026/01/01/late.csv"])

    world.assert_tables()


def a_file_twice(world: World) -> None:
    world.deliver_metadata(SONGS)
    world.deliver("a.csv", *FIRST)
    world.run("first")
    key = world.deliver("again.csv", *FIRST)

    world.run("second")

    world.assert_tables()
    counts = world.report("second")["files"][key]
    assert (counts["rows_accepted"], counts["rows_duplicate"]) == (0, 3)


def a_changed_file_only_adds(world: World) -> None:
    world.deliver_metadata(SONGS)
    key = world.deliver("a.csv", *FIRST)
    world.run("first")
    world.deliver("a.csv", *SECOND)

    world.run("second")

    world.assert_tables()
    assert len(world.tables()["streams"]) == 5
    assert world.status(key) == "PROCESSED"


def a_refused_file_among_good_ones(world: World) -> None:
    world.deliver_metadata(SONGS)
    refused = world.deliver("bad.csv", "1,dawn", header="user_id,track_id")
    good = world.deliver("good.csv", *FIRST)

    world.run("daily")

    world.assert_tables()
    assert (world.status(refused), world.status(good)) == ("REJECTED", "PROCESSED")
    assert any(f"{refused}: columns" in message for message in world.told.messages)


def a_file_of_mostly_rejects_beside_good_ones(world: World) -> None:
    world.deliver_metadata(SONGS)
    refused = world.deliver("vendor.csv", *GOOD, *BAD)
    world.deliver("good.csv", *FIRST)
    world.run("daily")
    world.assert_tables()
    assert world.report("daily")["refused"] == {refused: "too_many_rejected_rows"}

    world.run("let in", files=[refused], max_rejected_share=0.7)

    world.assert_tables(world.plays(max_rejected_share=0.7))
    assert world.report("let in")["files"][refused]["rows_rejected"] == {"invalid_listen_time": 30}
