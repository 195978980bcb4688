"""Small programs to run as daemons."""

import sys

import psutil

from localaws.daemon import Daemon, Launch

SECONDS = 10.0


def a_launch(code: str, settings: str = "", **environment: str) -> Launch:
    """Run Python code that may say `ready()`: the file by which these tests know it is up."""
    prelude = "import os, pathlib, signal, subprocess, sys, time\n"
    prelude += "def ready(): pathlib.Path('up').write_text(str(os.getpid()))\n"
    return Launch([sys.executable, "-c", prelude + code], environment, settings)


def bring_up(daemon: Daemon, launch: Launch) -> int:
    daemon.bring_up(launch, (daemon.folder / "up").exists, SECONDS, grace=1.0)
    pid = daemon.pid
    assert pid is not None
    return pid


def is_alive(pid: int) -> bool:
    """Tell whether it still runs: init may take its time to reap what has ended."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


FOREVER = "ready(); time.sleep(600)"
