"""Run a deferrable task to its end as a triggerer and a worker would: exit code 1 if it fails.

For Airflow 2.9.2, whose `dags test` runs a trigger that raised again, for ever.
"""

import asyncio
import sys
from types import SimpleNamespace
from typing import Any

from airflow.exceptions import AirflowException, TaskDeferred
from operators import dag


async def first_event(trigger: Any) -> Any:
    """Give the event that a trigger ends with."""
    async for event in trigger.run():
        return event
    raise AirflowException("the trigger gave no event")


def main(task_id: str) -> int:
    task = dag.get_task(task_id)
    context: Any = {"ti": SimpleNamespace(xcom_push=lambda *_, **__: None)}
    try:
        task.execute(context)
    except TaskDeferred as deferred:
        try:
            event = asyncio.run(first_event(deferred.trigger))
            resume = getattr(task, deferred.method_name)
            resume(context, event=event.payload, **(deferred.kwargs or {}))
        except AirflowException as error:
            print(f"failed: {error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
