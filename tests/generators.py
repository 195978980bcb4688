"""Random files, catalogues and plays, small and hostile: the same ones for the same seed."""

from collections.abc import Sequence
from random import Random
from typing import Any

from tests.builders import PLAY_COLUMNS, a_song, instant_at, micros_at
from tests.reference import Play
from tests.reference_kpis import Song

HEADERS = (
    PLAY_COLUMNS,
    ("listen_time", "user_id", "track_id"),
    ("device", "track_id", "user_id", "note", "listen_time"),
    ("user_id", "track_id", "listen_time", ""),
)
USER_IDS = ["7", "007", "0", "1", "9223372036854775807", "9223372036854775808", "+5", "-1", ""]
USER_IDS += ["999999999999999999", "1000000000000000000", "0" * 30 + "7", "٣", "1.0", "1e3", "0x1"]
USER_IDS += ["100.0", "100.5", "7.00", "7.", ".0", "0.0", "7.0.0", "1e2", "9223372036854775808.0"]
TRACK_IDS = ["4dBa8T7oDV9WvGr7kVS4Ez", "t" * 64, "t" * 65, "é" * 32, "é" * 32 + "t", "", "null"]
TRACK_IDS += ["=1+1", "a b", "\\", "\ufffd", "a\x7f", "a\x00", "\x1fa", "~!#$'+-/", "'", "\u2028a"]
PREFIX = "spotify:track:"
TRACK_IDS += [PREFIX + text for text in (TRACK_IDS[0], "t" * 64, "t" * 65, "", " a ", f"{PREFIX}b")]
TRACK_IDS += ["", "", PREFIX.upper() + "a", PREFIX[:-1]]
TIMES = ["2024-06-25 17:43:13", "2024-06-25T17:43:13", "2024-06-25 17:43:13.5", "now", "", "epoch"]
TIMES += ["2024-06-25 17:43:13.123456Z", "2024-06-25T17:43:13+02:00", "2024-06-25 17:43:13-18:00"]
TIMES += ["2024-06-25 17:43:13.1234567", "2024-06-25 17:43:13+18:01", "2024-06-25 24:00:00"]
TIMES += [
    "2024-06-25 23:59:60",
    "2023-02-29 00:00:00",
    "2024-02-29 23:59:59",
    "0000-01-01 00:00:00",
]
TIMES += ["1999-12-31 23:59:59", "2000-01-01 00:00:00", "1999-12-31 23:00:00-01:00", "2024-06-25"]
TIMES += ["2024-07-02 00:00:00", "2024-07-02 00:00:01", "2024-07-02 00:00:00.000001", "1719337393"]
TIMES += ["9999-12-31 23:59:59-05:00", "0001-01-01 00:00:00+10:00", "2024-6-25 17:43:13", "17:43"]
TIMES += ["2024-06-25 17:43:13 Z", "2024-06-25 17:43:13UTC", "2024-06-25 17:43:13.", "2024-13-01T0"]
# As often as before, among more others.
TIMES += ["", "", "", "1999-12-31 23:59:59", "2024-07-02 00:00:01"]
# Forms that cost no meaning, and what comes near to them.
TIMES += [
    f"2024-06-25 17:43:13{ending}"
    for ending in (
        *(
            "+02",
            "-0030",
            "+1800",
            "+18",
            " UTC",
            ".5 UTC",
            ".1234560",
            ".123456000Z",
            ".000000000",
        ),
        *("+2", "+24", "+1860", "+18:01", "+1801", "+19", "+020", "+02:", "+02000", " +02", "UTC"),
        *("  UTC", " utc", " GMT", " UTC+1", ".1234567", ".1234560000", ".123456001", ".1000000"),
    )
]
OTHERS = ["", "web", " ", "a b", "é", "\t", "x\\", "N/A", "'"]
PIECES = [
    b'"',
    b'""',
    b",",
    b"\r",
    b" ",
    b"\t",
    b"\x0b",
    b"\x0c",
    b"\\",
    b"+",
    b"-",
    b"T",
    b"Z",
    b":",
]
PIECES += [
    b".5",
    b"+02:00",
    b"-00:00",
    b"+18:00",
    b"+02",
    b"-0130",
    b" UTC",
    b".0",
    b"000",
    b"0",
    b"9",
    b"6",
    b"\x00",
    b"\x1c",
    b"\x7f",
    b"t",
]
PIECES += [
    b"\xff",
    b"\x80",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xe2\x82",
    b"\xf4\x90\x80\x80",
    b"\xf0",
]
PIECES += [
    piece.encode() for piece in ("\xa0", "\u2028", "\ufeff", "٣", "é", "😀", "\ufffd", "\x85")
]


def hostile_line(random: Random, columns: Sequence[str]) -> bytes:
    """Give a line of a file with such columns: a good one with up to three things done to it."""
    pools = {"user_id": USER_IDS, "track_id": TRACK_IDS, "listen_time": TIMES}
    fields = [pick(random, pools.get(column, OTHERS)) for column in columns]
    line = ",".join(quoted(random, text) for text in fields).encode()
    for _ in range(random.choice((0, 0, 0, 1, 1, 2, 3))):
        line = mutated(random, line)
    return line


def pick(random: Random, pool: Sequence[str]) -> str:
    """Take the pool's first value, a good one, or any of them."""
    text = pool[0] if random.random() < 0.7 else random.choice(pool)
    padding = random.choice(" \t\x0b\r\xa0") if random.random() < 0.1 else ""
    return padding + text if random.random() < 0.5 else text + padding


def quoted(random: Random, text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if random.random() < 0.05 else text


def mutated(random: Random, line: bytes) -> bytes:
    start = random.randrange(len(line) + 1)
    end = min(len(line), start + random.choice((0, 0, 1, 1, 2, 8)))
    piece = random.choice((b"", random.choice(PIECES), line[end : end + random.randrange(6)]))
    return line[:start] + piece + line[end:]


def good_line(random: Random, columns: Sequence[str]) -> bytes:
    """Give a line that no rule breaks; equal ones come often."""
    day, hour, second = random.choice((1, 24, 25)), random.randrange(24), random.choice((0, 13))
    values = {
        "user_id": str(random.randrange(1, 9)).zfill(random.choice((1, 1, 3))),
        "track_id": f"t{random.randrange(9)}",
        "listen_time": f"2024-06-{day:02} {hour:02}:59:{second:02}{random.choice(('', '', 'Z'))}",
    }
    return ",".join(quoted(random, values.get(column, "web")) for column in columns).encode()


def hostile_file(random: Random, columns: Sequence[str], lines: int, hostile: float) -> bytes:
    """Give a file's bytes: its header, good lines and the given share of hostile ones.

    Blank lines stand among them, and copies of lines and of the header.
    """
    names = (random.choice(("", "", " ", "\t")) + name for name in columns)
    header = ",".join(quoted(random, name) for name in names).encode()
    rows = [
        hostile_line(random, columns) if random.random() < hostile else good_line(random, columns)
        for _ in range(lines)
    ]
    rows += random.choices(rows, k=lines // 4)
    rows += random.choices([header, b" ", b"\t \t", b"", b"\r"], k=lines // 10)
    random.shuffle(rows)
    start = random.choice((b"", b"\xef\xbb\xbf", b" \t\n", b"\xef\xbb\xbf\r\n"))
    ends = [random.choice((b"\n", b"\r\n")) for _ in rows]
    body = b"".join(row + end for row, end in zip(rows, ends, strict=True))
    return start + header + b"\n" + body


def random_plays(random: Random, number: int, tracks: int) -> list[Play]:
    """Give distinct plays of few listeners, tracks and hours; some tracks are in no catalogue."""
    start = micros_at("2024-06-25 22:00:00")
    plays = {
        (
            random.choice((1, 2, 3, 4, 17, 33, 2**63 - 1)),
            f"t{min(random.randrange(tracks + 2), random.randrange(tracks + 2))}",
            start + random.choice((0, 1, 3_599_999_999, random.randrange(4 * 3_600_000_000))),
        )
        for _ in range(number)
    }
    return sorted(plays)


def random_songs(random: Random, number: int, tracks: int) -> list[Song]:
    """Give songs rows with nulls, repeated tracks and genres, and names that are hard to order."""
    names = [
        "Mira Vale",
        "Ann",
        "ann",
        "Zoë",
        "Zoe",
        "😀",
        "\ufb00",
        "É",
        " Ann ",
        "",
        " ",
        "Ann\t",
    ]
    identifiers = random.sample(range(1, 10 * number + 1), number)
    return [
        Song(
            id=one,
            track_id=random.choice((*(f"t{track}" for track in range(tracks)), None)),
            artists=random.choice((None, ";".join(random.choices(names, k=random.randrange(5))))),
            track_name=random.choice((None, "Dawn", f"name {one}")),
            popularity=random.choice((None, 0, 50, 50, 51, 100)),
            duration_ms=random.choice((None, 0, 1, 200_000, 2**31 - 1)),
            track_genre=random.choice((None, "ambient", "pop", "Pop", "z\u00e9")),
        )
        for one in identifiers
    ]


def songs_row(song: Song) -> tuple[Any, ...]:
    """Give a song as a row of SONGS."""
    return a_song(**song._asdict())


def streams_row(play: Play) -> tuple[Any, ...]:
    """Give a play as a row of STREAMS."""
    user_id, track_id, micros = play
    return (user_id, track_id, instant_at(micros))
