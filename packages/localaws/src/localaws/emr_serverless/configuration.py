"""Spark properties of a job run: the application's, the job's, and the parameters', in order."""

from collections.abc import Iterable, Mapping
from typing import Any

from localaws.emr_serverless.releases import read_release
from localaws.emr_serverless.submit_parameters import SubmitParameters, read_parameters

SPARK_DEFAULTS = "spark-defaults"
FIRST_MERGING_RELEASE = (8, 1)


def parameters_of(request: Mapping[str, Any]) -> SubmitParameters:
    """Read a job run's sparkSubmitParameters.

    Raises:
        ParametersError: They are none.
    """
    return read_parameters(request["jobDriver"]["sparkSubmit"].get("sparkSubmitParameters", ""))


def spark_properties(
    application: Mapping[str, Any], request: Mapping[str, Any], release: str
) -> dict[str, str]:
    """Give what is set: parameters over the job's overrides over the application's.

    Until 8.0 a classification of the job replaces the application's whole; since 8.1 they merge.
    """
    overrides = request.get("configurationOverrides", {}).get("applicationConfiguration", [])
    of_job = read_classification(overrides, SPARK_DEFAULTS)
    of_application = read_classification(
        application.get("runtimeConfiguration", []), SPARK_DEFAULTS
    )
    is_replaced = of_job is not None and read_release(release) < FIRST_MERGING_RELEASE
    below = {} if is_replaced else (of_application or {})
    return below | (of_job or {}) | parameters_of(request).properties


def read_classification(
    configurations: Iterable[Mapping[str, Any]], name: str
) -> dict[str, str] | None:
    """Give the properties of a classification, None where it does not occur."""
    named = [each for each in configurations if each["classification"] == name]
    if not named:
        return None
    return {key: text for each in named for key, text in each.get("properties", {}).items()}


def monitoring(application: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """Give where logs go: what the job says, else the application."""
    of_job = request.get("configurationOverrides", {}).get("monitoringConfiguration", {})
    of_application = application.get("monitoringConfiguration", {})
    return {**of_application, **of_job}
