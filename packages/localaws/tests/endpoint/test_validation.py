"""Every constraint of an API's model is checked, and told as the services tell it."""

from typing import Any

import pytest
from botocore.model import StructureShape

from localaws.endpoint.protocols import load_model
from localaws.endpoint.service import ServiceError
from localaws.endpoint.validation import check_input

FAILED = "failed to satisfy constraint: Member must"
PATTERN = "satisfy regular expression pattern"
SPARK = {"entryPoint": "s3://bucket/job.py"}
JOB = {
    "applicationId": "00a",
    "clientToken": "token",
    "executionRoleArn": "arn:aws:iam::123456789012:role/job",
    "jobDriver": {"sparkSubmit": SPARK},
}
API_PAGE = "emr-serverless/latest/APIReference/API_StartJobRun.html"


@pytest.fixture(scope="module")
def start_job_run() -> StructureShape:
    shape = load_model("emr-serverless").operation_model("StartJobRun").input_shape
    assert isinstance(shape, StructureShape)
    return shape


def test_an_input_within_its_model_is_taken(start_job_run: StructureShape) -> None:
    check_input(start_job_run, JOB | {"executionTimeoutMinutes": 5, "tags": {"a": "b"}})


@pytest.mark.rule(
    "StartJobRun takes what its model allows, else ValidationException", page=API_PAGE, group="emr"
)
@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"clientToken": None}, f"Value null at 'clientToken' {FAILED} not be null"),
        ({"clientToken": ""}, "Member must have length greater than or equal to 1"),
        ({"clientToken": "a" * 65}, "Member must have length less than or equal to 64"),
        ({"clientToken": "a b"}, f"{FAILED} {PATTERN}: [A-Za-z0-9._-]+"),
        ({"clientToken": "a\n"}, PATTERN),
        ({"clientToken": 5}, "Member must be a string"),
        ({"mode": "FAST"}, "Member must satisfy enum value set: [BATCH, STREAMING]"),
        ({"executionTimeoutMinutes": True}, "Member must be a long"),
        ({"executionTimeoutMinutes": 1_000_001}, "Member must have value less than or equal to"),
        ({"tags": {"": "b"}}, "Value at 'tags.key' failed"),
        ({"jobDriver": {"sparkSubmit": {}}}, "Value null at 'jobDriver.sparkSubmit.entryPoint'"),
        ({"jobDriver": {"sparkSubmit": SPARK | {"entryPointArguments": ["", 5]}}}, "nts.2.member'"),
    ],
)  # fmt: skip
def test_a_broken_constraint_is_named(
    start_job_run: StructureShape, change: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ServiceError) as error:
        check_input(start_job_run, JOB | change)

    assert error.value.code == "ValidationException"
    assert complaint in error.value.message


def test_all_broken_constraints_are_counted(start_job_run: StructureShape) -> None:
    with pytest.raises(ServiceError) as error:
        check_input(start_job_run, JOB | {"clientToken": "", "executionRoleArn": ""})

    # Of an empty text both the length and the pattern are broken.
    assert error.value.message.startswith("4 validation errors detected: ")
