"""What the process's environment says goes before the files: Airflow's section music_streaming."""

import pytest

from conf.settings import SettingsError, load_own_settings, load_settings

PREFIX = "AIRFLOW__MUSIC_STREAMING__"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("TASK_RETRIES", "7", 7),
        ("MAX_REJECTED_SHARE", "0.25", 0.25),
        ("MAX_REJECTED_SHARE", "1", 1.0),
        ("IS_DEFERRABLE", "true", True),
        ("IS_DEFERRABLE", "False", False),
        ("WAREHOUSE_WORKGROUP", "another", "another"),
        ("DATA_BUCKET", "0123", "0123"),
        ("LEDGER_TABLE", "true", "true"),
        ("SCHEDULE", "0 3 * * *", "0 3 * * *"),
        ("WAIT_FOR_FILES", "", ""),
        ("METADATA_SSL_ROOT_CERT", "null", "null"),
    ],
)
def test_an_option_of_airflow_overrides_the_files(name: str, text: str, value: object) -> None:
    overridden = load_settings("local", {f"{PREFIX}{name}": text})

    found = getattr(overridden, name.lower())
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("TASK_RETRY", "1", "local: unknown key task_retry: remove it, or correct its name"),
        ("TASK_RETRIES", "two", "local: task_retries is a whole number, got 'two'"),
        ("TASK_RETRIES", "", "local: task_retries is a whole number, got None"),
        ("TASK_RETRIES", "[", "local: task_retries is a whole number, got '['"),
        ("TASK_RETRIES", "11", "task_retries is a number of 0 to 10"),
        ("IS_DEFERRABLE", "1", "local: is_deferrable is true or false, got 1"),
        ("DATA_BUCKET", "s3://bucket", "data_bucket is a bucket name, not a URI"),
    ],
)
def test_an_option_that_cannot_be_used_is_told(name: str, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings("local", {f"{PREFIX}{name}": text})

    assert str(error.value).startswith(message)


def test_what_is_not_of_our_section_is_left_alone() -> None:
    variables = {
        "TASK_RETRIES": "9",
        "AIRFLOW__CORE__TASK_RETRIES": "9",
        f"{PREFIX}ENVIRONMENT": "elsewhere",
        "MY_" + f"{PREFIX}TASK_RETRIES": "9",
    }

    assert load_settings("local", variables) == load_settings("local")


def test_a_process_that_is_told_no_environment_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(f"{PREFIX}ENVIRONMENT", raising=False)

    with pytest.raises(
        SettingsError, match="no environment is named: set .*__ENVIRONMENT, on MWAA"
    ):
        load_own_settings()


@pytest.mark.parametrize("environment", ["", "nowhere"])
def test_a_process_that_is_told_a_wrong_environment_says_so(
    monkeypatch: pytest.MonkeyPatch, environment: str
) -> None:
    monkeypatch.setenv(f"{PREFIX}ENVIRONMENT", environment)

    with pytest.raises(SettingsError, match=f"there is no conf/{environment}.yaml"):
        load_own_settings()


def test_a_process_loads_its_environments_files_and_its_own_options(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(f"{PREFIX}ENVIRONMENT", "local")
    monkeypatch.setenv(f"{PREFIX}TASK_RETRIES", "5")

    own = load_own_settings()

    assert (own.data_bucket, own.task_retries) == ("music-streaming-local", 5)
