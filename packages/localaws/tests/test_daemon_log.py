"""A daemon that fails says why in one line; what it keeps in its folder is its own."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from localaws.daemon import Daemon, Launch
from localaws.errors import LocalAwsError

from .daemon_programs import FOREVER, a_launch, bring_up


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon("the server", tmp_path / "server")
    yield daemon
    daemon.stop(1.0)


def test_a_program_that_ends_at_once_is_told_with_its_last_error_and_its_log(
    daemon: Daemon,
) -> None:
    code = "print('started'); print('FATAL: no room'); print('bye'); sys.exit(1)"

    with pytest.raises(LocalAwsError) as caught:
        bring_up(daemon, a_launch(code))

    assert str(caught.value) == f"the server ended: FATAL: no room: see {daemon.log}"


def test_a_program_that_is_never_ready_is_told_in_one_line_and_ended(daemon: Daemon) -> None:
    launch = a_launch("print('waiting', flush=True); ready(); time.sleep(600)")

    with pytest.raises(LocalAwsError, match=r"^the server is not ready after 1 s: .*: see .*log$"):
        daemon.bring_up(launch, lambda: False, 1.0, grace=1.0)

    assert not daemon.is_running()


def test_the_last_word_is_that_of_the_last_life(daemon: Daemon) -> None:
    with pytest.raises(LocalAwsError):
        bring_up(daemon, a_launch("sys.exit('error: the first life')"))
    with pytest.raises(LocalAwsError, match="the second life"):
        bring_up(daemon, a_launch("sys.exit('the second life')"))

    assert "the first life" in daemon.log.read_text()


def test_a_missing_program_is_one_line(daemon: Daemon) -> None:
    with pytest.raises(LocalAwsError, match=r"^the server: no program /no/such: install it again"):
        daemon.start(Launch(["/no/such"], {}))


def test_a_folder_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(LocalAwsError, match="Not a directory: choose a state folder"):
        Daemon("the server", tmp_path / "file" / "server").start(a_launch(FOREVER))


def test_log_and_record_are_closed_to_others(daemon: Daemon) -> None:
    bring_up(daemon, a_launch(FOREVER))

    modes = {
        name: stat.S_IMODE((daemon.folder / name).stat().st_mode)
        for name in (".", "log", "process.json")
    }
    assert modes == {".": 0o700, "log": 0o600, "process.json": 0o600}


def test_settings_of_the_callers_shell_do_not_reach_it(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "WEED_S3_PORT", "GOMEMLIMIT"):
        monkeypatch.setenv(name, "the caller's")
    monkeypatch.setenv("LANG", "kept")
    code = "print(\"the caller's\" in os.environ.values(), os.environ['LANG'], flush=True)"

    bring_up(
        daemon,
        a_launch(
            f"{code}; print(os.environ['AWS_REGION'], flush=True); {FOREVER}", AWS_REGION="ours"
        ),
    )

    assert daemon.log.read_text().splitlines()[1:] == ["False kept", "ours"]


def test_a_launch_shows_no_secret() -> None:
    launch = Launch(["program"], {}, "the password")

    assert "the password" not in repr(launch)
    assert "the password" not in launch.digest
