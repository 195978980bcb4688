"""What every verb says and how it ends: progress, tables, a mistake in one line, an exit code."""

import errno
import functools
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

Main = Callable[[list[str]], int]
MISTAKE = 2
STOPPED = 130  # as a shell has it after Ctrl-C
ADVICE = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "free some space"),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "check its permissions"),
    errno.ENOTDIR: "name another folder",
}


class CommandError(Exception):
    """A verb cannot go on; the message says what was found and what to do."""


def verb(
    *mistakes: type[Exception],
    describe: Callable[[Exception], str] = str,
    stopped: str | None = None,
) -> Callable[[Main], Main]:
    """Decorate a verb's `main`: a mistake becomes the line `error: …` and exit code 2.

    Args:
        mistakes: What is one beside CommandError; anything else is a bug and keeps its traceback.
        stopped: What is said of Ctrl-C, which then ends the verb with exit code 130.
    """

    known: tuple[type[Exception], ...] = (CommandError, *mistakes)

    def decorate(main: Main) -> Main:
        @functools.wraps(main)
        def run(argv: list[str]) -> int:
            try:
                return main(argv)
            except known as error:
                say(f"error: {describe(error)}")
                return MISTAKE
            except KeyboardInterrupt:
                if stopped is None:
                    raise
                say(stopped)
                return STOPPED

        return run

    return decorate


@contextmanager
def advising(folder: Path) -> Iterator[None]:
    """Turn what a user can mend in a folder into a mistake that says how.

    Raises:
        CommandError: A full disk, or a place that cannot be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in ADVICE:
            raise
        place = f"{error.filename or folder}: {error.strerror}"
        raise CommandError(f"{place}: {ADVICE[error.errno]}") from error


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def print_rows(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, each column as wide as its widest value."""
    lines = [tuple(header), *map(tuple, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (value.ljust(width) for value, width in zip(line, widths, strict=True))
        print(f"  {'  '.join(cells).rstrip()}")
