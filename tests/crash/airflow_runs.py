"""Whole runs by Airflow over a world, whose worker, drivers or servers are killed."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from random import Random

from commands.airflow_run import airflow as airflow_local
from commands.airflow_run import dead_runs
from commands.airflow_run.airflow import Session
from commands.airflow_run.artifacts import put_artifacts
from conf.settings import OVERRIDE
from dags.protocol.job_arguments import JOBS
from tests.crash.comparison import find_fault
from tests.crash.server_kills import SERVERS, DriverKill, Lookout, ServerKill
from tests.crash.survival import EndlessError
from tests.end_to_end.spark_run_helpers import ROOT
from tests.flow_deliveries import FIRST, SECOND, SONGS, THIRD
from tests.pipeline_world import World

HOOK = Path(__file__).parent / "worker_hook"
MAX_RUNS = 4
WRITES = 40  # of a run, or a few more; a point beyond its last write kills nobody
JOB_SECONDS = 8.0
DELIVERIES = {"a.csv": FIRST, "b.csv": SECOND, "c.csv": THIRD}


class AirflowRuns:
    """Runs of the DAG as `make run` makes them, in a bucket and a ledger of the world's own."""

    def __init__(self, world: World) -> None:
        self.world, self.stack = world, world.stack
        self.state = world.stack.config.state
        self.writes = self.state / f"writes-{world.settings.data_bucket}.txt"
        put_artifacts(world.bucket, world.settings)

    def run(self, name: str, kill: str = "") -> bool:
        """Run the DAG once, after what a dead run left is ended; tell whether it succeeded."""
        settings = self.world.settings
        dead_runs.end_dead_runs(dead_runs.open_systems(self.stack, settings))
        airflow = airflow_local.find_airflow(airflow_local.OWN_VERSION, self.state)
        environment = airflow_local.build_environment(airflow, settings, self.stack.environment())
        environment |= {
            f"{OVERRIDE}DATA_BUCKET": settings.data_bucket,
            f"{OVERRIDE}LEDGER_TABLE": settings.ledger_table,
            "PYTHONPATH": f"{HOOK}:{ROOT}",
            "CRASH_WRITES": str(self.writes),
            "CRASH_AT": kill,
        }
        self.writes.write_text("")
        with (self.state / "run.lock").open("a") as lock:
            log = self.state / "logs" / f"{settings.data_bucket}-{name}.log"
            session = Session(airflow, environment, log, lock.fileno())
            airflow_local.migrate(session)
            done = airflow_local.run_dag(session, None)
        return done.exit_code == 0 and "failed" not in done.states.values()

    def read_writes(self) -> list[str]:
        """Give the kinds of the last run's writes so far, in their order."""
        return self.writes.read_text().splitlines()


def survive(world: World, random: Random) -> tuple[list[str], str | None]:
    """Let three killed runs and a whole one work on three files; give the kills and the fault."""
    runs, told = AirflowRuns(world), []
    world.deliver_metadata(SONGS)
    for number, (name, lines) in enumerate(DELIVERIES.items()):
        world.deliver(name, *lines)
        told.append(run_killed(runs, random, f"killed-{number}"))
    for number in range(MAX_RUNS):
        if runs.run(f"whole-{number}"):
            break
    else:
        raise EndlessError(f"{MAX_RUNS} runs failed after the kills")
    world.assert_tables()
    return told, find_fault(world)


def run_killed(runs: AirflowRuns, random: Random, name: str) -> str:
    """Run once while something is killed, bring it back, and say what it was."""
    victim = random.choice(("worker", "worker", "driver", *SERVERS))
    point, delay = random.randint(1, WRITES), random.random()
    if victim == "worker":
        moment = random.choice(("before", "after"))
        is_over = runs.run(name, f"{point} {moment}")
        reached = len(runs.read_writes()) >= point
        return f"worker {moment} write {point}{'' if reached else ' (not reached)'}: {is_over}"
    if victim == "driver":
        kill = DriverKill(runs.stack, 1 + point % len(JOBS), delay * JOB_SECONDS)
        with Lookout(kill.sees, kill.act):
            is_over = runs.run(name)
        return f"driver {kill.number} after {kill.delay:.1f} s: {is_over}"
    with killing_server(runs, ServerKill(runs.stack, victim, delay, at_once=point % 2 > 0), point):
        is_over = runs.run(name)
    return f"{victim} at write {point}: {is_over}"


@contextlib.contextmanager
def killing_server(runs: AirflowRuns, kill: ServerKill, point: int) -> Iterator[None]:
    """Kill a server as soon as the worker has sent so many writes."""
    runs.writes.write_text("")  # else those of the run before count
    try:
        with Lookout(lambda: len(runs.read_writes()) >= point, kill):
            yield
    finally:
        kill.mend()
