"""`make up`, `down`, `status`, `env` and `query`, called as a user calls them, and the AWS CLI."""

import json
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
AWS = Path(sys.executable).parent / "aws"
CALL_SECONDS = 120


def call(module: str, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Call a verb in an environment that knows nothing of AWS but `settings`."""
    foreign = ("AWS_", "SQL", "FORMAT", "REDSHIFT_")
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(foreign)}
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=ROOT,
        env=inherited | settings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=CALL_SECONDS,
        check=False,
    )


def local_aws(verb: str, state: Path) -> subprocess.CompletedProcess[str]:
    return call("commands.local_aws", verb, "--state", str(state))


def living(state: Path) -> list[str]:
    """Give the command lines of the processes that name the state folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or ())
        if str(state) in line and process.pid != os.getpid():
            found.append(line)
    return found


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    state = tmp_path_factory.mktemp("local-aws") / "state"
    done = local_aws("up", state)
    assert done.returncode == 0, done.stderr
    yield state
    assert local_aws("down", state).returncode == 0


@pytest.fixture(scope="module")
def exports(state: Path) -> dict[str, str]:
    """What `make env` prints, as a shell would take it."""
    lines = [shlex.split(line) for line in local_aws("env", state).stdout.splitlines()]
    assert all(word == "export" and len(rest) == 1 for word, *rest in lines)
    return dict(rest[0].split("=", 1) for _, *rest in lines)


def aws(exports: dict[str, str], *words: str) -> Any:
    """Call the AWS CLI by the exports alone and give its answer."""
    done = run_aws(exports, *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run_aws(exports: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [AWS, "--output", "json", *words],
        env=exports | {"PATH": os.environ["PATH"], "HOME": str(ROOT / ".cache"), "AWS_PAGER": ""},
        capture_output=True,
        text=True,
        timeout=CALL_SECONDS,
        check=False,
    )


def test_all_of_the_design_is_there_right_after_up(exports: dict[str, str]) -> None:
    buckets = aws(exports, "s3api", "list-buckets")["Buckets"]
    table = aws(exports, "dynamodb", "describe-table", "--table-name", "ProcessedFiles")["Table"]
    (application,) = aws(exports, "emr-serverless", "list-applications")["applications"]
    place = ("--workgroup-name", "music-streaming", "--database", "warehouse")
    public = ("--schema-pattern", "public")
    tables = aws(exports, "redshift-data", "list-tables", *place, *public)["Tables"]
    secrets = aws(exports, "secretsmanager", "list-secrets")["SecretList"]
    topics = aws(exports, "sns", "list-topics")["Topics"]

    assert [bucket["Name"] for bucket in buckets] == ["music-streaming-local"]
    assert (table["KeySchema"], table["ItemCount"]) == (
        [{"AttributeName": "file_key", "KeyType": "HASH"}],
        0,
    )
    assert (application["name"], application["releaseLabel"]) == (
        "music-streaming",
        "emr-spark-8.1.0",
    )
    assert sorted(table["name"] for table in tables) == [
        "etl_state", "genre_kpis", "hourly_kpis", "schema_version", "songs", "streams", "users",
    ]  # fmt: skip
    assert sorted(secret["Name"] for secret in secrets) == [
        "airflow/connections/rds_postgres",
        "airflow/connections/redshift_conn",
        "music-streaming/metadata-reader-password",
        "music-streaming/warehouse-admin",
    ]
    assert topics == [{"TopicArn": "arn:aws:sns:eu-west-1:123456789012:music-streaming-alerts"}]


def test_the_exports_name_what_clients_need_and_the_role_of_copy(exports: dict[str, str]) -> None:
    assert sorted(exports) == [
        "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED",
        "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3", "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY", "REDSHIFT_IAM_ROLE",
    ]  # fmt: skip
    addresses = [text for name, text in exports.items() if "ENDPOINT" in name]
    assert all(address.startswith("http://127.0.0.1:") for address in addresses)
    assert exports["REDSHIFT_IAM_ROLE"] == "arn:aws:iam::123456789012:role/music-streaming-copy"


def test_the_cli_writes_reads_and_queries(exports: dict[str, str], tmp_path: Path) -> None:
    file, back = tmp_path / "a file.csv", tmp_path / "back.csv"
    file.write_text("user_id\n1\n")

    run_aws(exports, "s3", "cp", str(file), "s3://music-streaming-local/data/a file.csv")
    run_aws(exports, "s3", "cp", "s3://music-streaming-local/data/a file.csv", str(back))
    place = ("--workgroup-name", "music-streaming", "--database", "warehouse")
    sql = "SELECT commit_no FROM etl_state"
    statement = aws(
        exports, "redshift-data", "execute-statement", "--sql", sql, *place,
        "--wait-time-seconds", "20",
    )  # fmt: skip
    result = aws(exports, "redshift-data", "get-statement-result", "--id", statement["Id"])

    assert back.read_text() == "user_id\n1\n"
    assert statement["Status"] == "FINISHED"
    assert result["Records"] == [[{"longValue": 0}]]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("emr-serverless get-application --application-id 00nosuch", "ResourceNotFoundException"),
        ("emr-serverless get-application --application-id NO", "ValidationException"),
        (
            "redshift-data describe-statement --id 00000000-0000-0000-0000-000000000000",
            "ResourceNotFoundException",
        ),
        ("secretsmanager get-secret-value --secret-id none", "ResourceNotFoundException"),
        ("s3api get-object --bucket music-streaming-local --key none /dev/null", "NoSuchKey"),
        ("dynamodb describe-table --table-name none", "ResourceNotFoundException"),
    ],
)
def test_the_cli_is_told_each_services_own_error(
    exports: dict[str, str], words: str, code: str
) -> None:
    done = run_aws(exports, *words.split())

    assert done.returncode in (252, 254, 255)
    assert f"({code})" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_up_changes_nothing(state: Path) -> None:
    before = local_aws("status", state).stdout

    done = local_aws("up", state)

    assert done.returncode == 0
    assert "applied" not in done.stderr
    assert local_aws("status", state).stdout == before
    assert before.count("running") == 4


def test_a_query_starts_what_is_down_and_down_leaves_nothing(tmp_path: Path) -> None:
    state = tmp_path / "of-a-query"

    try:
        done = call(
            "commands.query", "--state", str(state), SQL="SELECT count(*) AS n FROM streams",
            FORMAT="csv",
        )  # fmt: skip
        assert living(state)
    finally:
        local_aws("down", state)

    assert (done.returncode, done.stdout) == (0, "n\n0\n"), done.stderr
    assert living(state) == []
    status = local_aws("status", state)
    assert status.returncode == 1
    assert status.stdout.count("down") == 4


def test_a_statement_that_redshift_refuses_is_told_in_one_line(state: Path) -> None:
    done = call("commands.query", "--state", str(state), "--sql", "SELECT explicit FROM songs")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: Redshift refused statement ")
    assert done.stderr.endswith('ERROR: syntax error at or near "explicit"\n')
    assert done.stderr.count("\n") == 1


def test_a_state_that_is_no_folder_is_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.write_text("")

    done = local_aws("up", file)

    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("ports", [["s3=x"], ["s3"], ["ftp=9000"], ["s3=80"]])
def test_a_port_that_cannot_be_is_told_in_one_line(tmp_path: Path, ports: list[str]) -> None:
    words = [word for port in ports for word in ("--port", port)]

    done = call("commands.local_aws", "up", "--state", str(tmp_path / "state"), *words)

    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        asked = f"endpoint={other.getsockname()[1]}"
        done = call("commands.local_aws", "up", "--state", str(tmp_path / "state"), "--port", asked)

    assert done.returncode == 2
    assert "is taken by another program: end that one, or ask for another port" in done.stderr
    assert done.stderr.count("\n") == 1
    assert living(tmp_path / "state") == []


def test_the_environment_of_a_stack_that_never_was_up_is_refused(tmp_path: Path) -> None:
    done = local_aws("env", tmp_path / "nothing")

    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing was ever started" in done.stderr
