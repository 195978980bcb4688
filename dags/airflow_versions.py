"""What Airflow 3.3 and 2.9 name differently: the only place that knows of it."""

try:  # Airflow 3: the public authoring interface
    from airflow.sdk import DAG, Param, get_current_context, task
except ImportError:  # Airflow 2.9
    from airflow.decorators import task  # type: ignore[attr-defined, no-redef]
    from airflow.models.dag import DAG  # type: ignore[no-redef]
    from airflow.models.param import Param  # type: ignore[import-not-found, no-redef]
    from airflow.operators.python import (  # type: ignore[import-not-found, no-redef]
        get_current_context,
    )
try:
    from airflow.sdk.exceptions import (
        AirflowException,
        AirflowFailException,
        AirflowSkipException,
        TaskDeferralError,
    )
except ImportError:  # Airflow 2.9
    from airflow.exceptions import (  # type: ignore[no-redef, attr-defined]
        AirflowException,
        AirflowFailException,
        AirflowSkipException,
        TaskDeferralError,
    )

__all__ = [
    "DAG",
    "AirflowException",
    "AirflowFailException",
    "AirflowSkipException",
    "Param",
    "TaskDeferralError",
    "get_current_context",
    "task",
]
