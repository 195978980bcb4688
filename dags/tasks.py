"""The workers' tasks: what Airflow hands over goes to a step, and its errors become Airflow's."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conf.run_log import name_run
from conf.settings import SettingsError, load_own_settings
from dags.airflow_versions import (
    AirflowFailException,
    AirflowSkipException,
    get_current_context,
    task,
)
from dags.protocol.job_arguments import JOBS

if TYPE_CHECKING:
    from dags.protocol.params import RunParams
    from dags.protocol.pipeline import Pipeline


@dataclass(frozen=True)
class Inputs:
    """What a step gets: the systems, the run's id and its parameters."""

    pipeline: "Pipeline"
    run_id: str
    params: "RunParams"


@task
def load_metadata_to_rds() -> dict[str, Any]:
    from dags.steps import load_metadata_to_rds as step

    with _inputs() as given:
        return step.run(given.pipeline, given.run_id, given.params)


@task
def extract_streaming() -> dict[str, Any]:
    from dags.steps import extract_streaming as step

    with _inputs() as given:
        claim = step.run(given.pipeline, given.run_id, given.params)
    if claim is None:
        raise AirflowSkipException("nothing to do")
    return claim


@task
def load_redshift() -> str:
    from dags.steps import load_redshift as step

    pull = get_current_context()["ti"].xcom_pull
    with _inputs() as given:
        claim = pull(task_ids="extract_streaming")["claim"]
        plan_key = step.run(given.pipeline, claim, {job: pull(task_ids=job) for job in JOBS})
    if plan_key is None:
        raise AirflowSkipException("a dry run ends here")
    return plan_key


@task
def publish_lake(plan_key: str) -> str:
    from dags.steps import publish_lake as step

    with _inputs() as given:
        step.run(given.pipeline, plan_key)
    return plan_key


@task
def mark_processed(plan_key: str) -> None:
    from dags.steps import mark_processed as step

    with _inputs() as given:
        step.run(given.pipeline, plan_key)


@task
def release_claims() -> int:
    from dags.steps import release_claims as step

    with _inputs() as given:
        return step.run(given.pipeline, given.run_id)


@contextlib.contextmanager
def _inputs() -> Iterator[Inputs]:
    """Open what a step gets.

    An error that no retry would heal fails the task at once.
    """
    from dags.protocol.errors import FinalError
    from dags.protocol.params import read_params
    from dags.protocol.pipeline import open_pipeline
    from dags.systems.connections import MissingFieldError

    context = get_current_context()
    name_run(context["run_id"])
    try:
        params = read_params(context["params"])
        yield Inputs(open_pipeline(load_own_settings()), context["run_id"], params)
    except (FinalError, SettingsError, MissingFieldError) as error:
        raise AirflowFailException(str(error)) from error
