"""How a verb ends: its exit code, and the one line of a mistake."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from commands.console import CommandError, advising, print_rows, verb


def raising(error: BaseException) -> Callable[[list[str]], int]:
    def main(argv: list[str]) -> int:
        raise error

    return main


def test_a_verbs_own_exit_code_stays() -> None:
    assert [verb()(lambda argv, code=code: code)([]) for code in (0, 1)] == [0, 1]


@pytest.mark.parametrize("error", [CommandError("no file: name one"), KeyError("a")])
def test_a_mistake_is_one_line_and_2(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    assert verb(KeyError, describe=lambda error: f"<{error.args[0]}>")(raising(error))([]) == 2
    assert capsys.readouterr() == ("", f"error: <{error.args[0]}>\n")


@pytest.mark.parametrize("error", [KeyError("a"), KeyboardInterrupt()])
def test_what_a_verb_does_not_name_keeps_its_traceback(error: BaseException) -> None:
    with pytest.raises(type(error)):
        verb(ValueError)(raising(error))([])


def test_ctrl_c_is_130_where_the_verb_says_what_it_leaves(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert verb(stopped="stopped: all is as it was")(raising(KeyboardInterrupt()))([]) == 130
    assert capsys.readouterr() == ("", "stopped: all is as it was\n")


@pytest.mark.parametrize(("name", "place"), [("/full/x", "/full/x"), (None, "/out")])
def test_a_full_disk_says_where_and_what_to_do(name: str | None, place: str) -> None:
    line = f"^{place}: No space left: free some space$"

    with pytest.raises(CommandError, match=line), advising(Path("/out")):
        raise OSError(errno.ENOSPC, "No space left", name)


def test_another_fault_of_the_system_is_a_bug() -> None:
    with pytest.raises(OSError, match="Bad file"), advising(Path("/out")):
        raise OSError(errno.EBADF, "Bad file")


def test_columns_are_as_wide_as_their_widest_value(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(("a", "long"), [("value", "b")])

    assert capsys.readouterr().out == "  a      long\n  value  b\n"
