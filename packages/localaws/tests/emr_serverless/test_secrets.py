"""EMR.secret@name: the job run has the value, and nothing else shows it."""

import gzip
import stat
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest

from localaws.emr_serverless.secrets import REDACTED, SecretError, redact, resolve

from ..stack_watching import commands_of
from .emr_service import Service, wait_until

PAGE = "emr/latest/EMR-Serverless-UserGuide/secrets-manager.html"
VALUE = "vErY-s3cr3t-w0rd"


@pytest.fixture
def secret(service: Service) -> Any:
    """Give the name of a secret with VALUE."""
    client = service.client("secretsmanager")
    client.create_secret(Name="a-secret", SecretString=VALUE)
    yield "a-secret"
    client.delete_secret(SecretId="a-secret", ForceDeleteWithoutRecovery=True)


@pytest.mark.rule(
    "A Spark property EMR.secret@name has the secret's value from the start of the job run",
    page=PAGE,
    group="emr",
)
def test_a_property_and_an_environment_variable_get_the_value(
    service: Service, secret: str, tmp_path: Path
) -> None:
    application = service.create()
    copy = tmp_path / "copy"
    parameters = (
        f"--conf spark.a.password=EMR.secret@{secret}"
        f" --conf spark.emr-serverless.driverEnv.A_PASSWORD=EMR.secret@{secret}"
    )

    run_id = service.start(application, f"copy={copy}", parameters=parameters)
    service.wait(application, run_id, "SUCCESS")

    assert f"spark.a.password={VALUE}" in copy.read_text().splitlines()
    environment = Path(f"{copy}.environment").read_text().splitlines()
    assert f"A_PASSWORD={VALUE}" in environment
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_the_value_is_in_no_command_line_answer_log_page_or_file_of_the_service(
    service: Service, secret: str, fifo: Path, s3: Any
) -> None:
    """The program of the tests prints its properties, and fails with the last line of them."""
    application = service.create()
    run_id = service.start(
        application,
        f"wait={fifo}",
        "exit=1",
        parameters=f"--conf spark.a.password=EMR.secret@{secret}",
        configurationOverrides={
            "monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": "s3://logs/s"}}
        },
    )
    service.wait(application, run_id, "RUNNING")
    wait_until(lambda: VALUE in service.driver_output(run_id), "the program has told its secret")
    commands = commands_of(psutil.Process().children(recursive=True))
    page = show(service, application, run_id)
    fifo.write_text("go\n")
    run = service.wait(application, run_id, "FAILED")

    key = f"s/applications/{application}/jobs/{run_id}/SPARK_DRIVER/stdout.gz"
    published = gzip.decompress(s3.get_object(Bucket="logs", Key=key)["Body"].read()).decode()
    files = [path for path in service.config.folder.rglob("*") if path.is_file()]
    assert any(run_id in " ".join(command) for command in commands)
    assert VALUE not in str(commands)
    assert REDACTED in page
    assert VALUE not in page
    assert VALUE not in str(run)
    assert f"spark.a.password={REDACTED}" in published
    assert VALUE not in published
    assert len(files) >= 3
    assert [path for path in files if VALUE.encode() in path.read_bytes()] == []


def show(service: Service, application: str, run_id: str) -> str:
    names = {"applicationId": application, "jobRunId": run_id}
    url = service.client().get_dashboard_for_job_run(**names)["url"]
    with urllib.request.urlopen(url) as answer:
        return str(answer.read().decode())


@pytest.mark.rule(
    "A secret that is not there fails the job run",
    page=PAGE,
    group="emr",
)
def test_an_unknown_secret_fails_the_job_run_and_is_named(service: Service) -> None:
    application = service.create()

    run = service.wait(
        application,
        service.start(application, parameters="--conf spark.a.password=EMR.secret@nobodys"),
    )

    assert run["state"] == "FAILED"
    assert "secret nobodys cannot be read" in run["stateDetails"]


@pytest.mark.rule(
    "Only Spark properties are resolved: arguments are handed on as they are",
    page=PAGE,
    group="emr",
)
def test_a_reference_in_an_argument_is_an_ordinary_word(service: Service, secret: str) -> None:
    application = service.create()

    run_id = service.start(application, f"EMR.secret@{secret}")
    service.wait(application, run_id, "SUCCESS")

    assert f"argument: EMR.secret@{secret}\n" in service.driver_output(run_id)


@pytest.mark.rule("A secret is plain text, not JSON", page=PAGE, group="emr")
def test_a_json_secret_is_refused_and_a_number_is_plain_text() -> None:
    documents = {"rds": '{"username": "a", "password": "b"}', "pin": "12345"}

    with pytest.raises(SecretError, match="secret rds holds JSON") as error:
        resolve({"spark.a": "EMR.secret@rds"}, documents.__getitem__)

    assert "password" not in str(error.value)
    resolved, values = resolve(
        {"spark.a": "EMR.secret@pin", "spark.b": "EMR.secretary"}, documents.__getitem__
    )
    assert resolved == {"spark.a": "12345", "spark.b": "EMR.secretary"}
    assert values == {"12345"}


def test_a_value_that_holds_another_is_taken_out_whole() -> None:
    assert redact("abcd ab", {"ab", "abcd", ""}) == f"{REDACTED} {REDACTED}"
