"""The configuration is one checked object; what is wrong with it is told by key."""

from dataclasses import FrozenInstanceError, asdict
from pathlib import Path

import pytest

from conf import settings
from conf.forms import NUMBERS
from conf.settings import Settings, SettingsError, load_settings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of configuration files in the place of conf/, filled with the real ones."""
    for name in ("base", "local"):
        source = Path(settings.__file__).parent / f"{name}.yaml"
        (tmp_path / f"{name}.yaml").write_text(source.read_text())
    monkeypatch.setattr(settings.resources, "files", lambda _: tmp_path)
    return tmp_path


def add(folder: Path, line: str) -> None:
    with (folder / "local.yaml").open("a") as file:
        file.write(f"{line}\n")


def override(key: str, value: object) -> dict[str, str]:
    return {f"AIRFLOW__MUSIC_STREAMING__{key.upper()}": str(value)}


def test_the_local_environment_has_the_names_of_the_design() -> None:
    local = load_settings("local")

    assert local.data_bucket == "music-streaming-local"
    assert local.ledger_table == "ProcessedFiles"
    assert (local.warehouse_workgroup, local.warehouse_database) == ("music-streaming", "warehouse")
    assert (local.emr_application, local.metadata_database) == ("music-streaming", "metadata")


def test_an_environment_overrides_what_all_share(folder: Path) -> None:
    add(folder, "ledger_table: OtherFiles")

    assert load_settings("local").ledger_table == "OtherFiles"


def test_settings_cannot_be_changed() -> None:
    local = load_settings("local")

    with pytest.raises(FrozenInstanceError):
        local.region = "us-east-1"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("data_buckt: x", "local: unknown key data_buckt: remove it, or correct its name"),
        ("spark_accelerator: gpu", "spark_accelerator is one of none, comet"),
        ("region: null", "local: region is a text, got None: put it in quotes"),
        ("account_id: 123456789012", "local: account_id is a text, got 123456789012"),
        ("data_bucket: s3://bucket", "data_bucket is a bucket name, not a URI: drop the s3://"),
        (
            "metadata_ssl_mode: verify-ca",
            "metadata_ssl_mode verify-ca needs metadata_ssl_root_cert: the path of",
        ),
        ("jdbc_user: Reader", "jdbc_user is no PostgreSQL user: 'Reader'"),
        ("metadata_user: a-loader", "metadata_user is no PostgreSQL user: 'a-loader'"),
        ("warehouse_user: IAMR:a role", "warehouse_user is no Redshift user: 'IAMR:a role'"),
        ("data_bucket: Bucket", "data_bucket is no bucket name: 'Bucket'"),
        ("account_id: '12'", "account_id is twelve digits"),
        ("copy_role: admin", "copy_role is no role's ARN: 'admin'"),
        ("job_role: arn:aws:iam::1:role/x", "job_role is no role's ARN: 'arn:aws:iam::1:role/x'"),
        ("warehouse_workgroup: x", "warehouse_workgroup is no name of 3 to 64 characters"),
        ("ledger_table: 'a b c'", "ledger_table is no name of 3 to 64 characters without blanks"),
        ("data_prefix: data/", "data_prefix is no prefix of names and slashes: 'data/'"),
        ("artifacts_prefix: ''", "artifacts_prefix is no prefix of names and slashes: ''"),
        ("driver_memory: 4096m", "driver_memory is no size like 4g: '4096m'"),
        ("metadata_ssl_mode: tls", "metadata_ssl_mode is one of disable, prefer, require,"),
        ("task_retries: '2'", "local: task_retries is a whole number, got '2'"),
        ("task_retries: 2.0", "local: task_retries is a whole number, got 2.0"),
        ("task_retries: true", "local: task_retries is a whole number, got True"),
        ("max_rejected_share: '0.1'", "local: max_rejected_share is a number, got '0.1'"),
        ("max_rejected_share: true", "local: max_rejected_share is a number, got True"),
        ("max_rejected_share: .nan", "max_rejected_share is a number of 0 to 1"),
        ("max_rejected_share: 1.01", "max_rejected_share is a number of 0 to 1"),
        ("is_deferrable: 1", "local: is_deferrable is true or false, got 1"),
        ("is_deferrable: 'no'", "local: is_deferrable is true or false, got 'no'"),
        ("max_files_per_run: 0", "max_files_per_run is a number of 1 to 100000"),
        ("executor_cores: 17", "executor_cores is a number of 1 to 16"),
        ("lease_minutes: 180", "lease_minutes outlives job_timeout_minutes: make it greater"),
        ("job_timeout_minutes: 480", "lease_minutes outlives job_timeout_minutes"),
    ],
)
def test_a_wrong_value_is_told_by_its_key(folder: Path, line: str, message: str) -> None:
    add(folder, line)

    with pytest.raises(SettingsError) as error:
        load_settings("local")

    assert str(error.value).startswith(message)


def test_executors_to_begin_with_beyond_the_greatest_are_refused() -> None:
    with pytest.raises(SettingsError) as error:
        load_settings("local", override("initial_executors", 2))

    assert str(error.value) == (
        "initial_executors is 2 and max_executors 1: lower the former, or raise the latter"
    )


def test_two_jobs_that_could_not_begin_beside_each_other_are_refused() -> None:
    with pytest.raises(SettingsError) as error:
        load_settings("local", override("emr_max_cores", 4))

    assert str(error.value) == (
        "extract_metadata and validate_data begin with 5 vCPU and emr_max_cores is 4: lower "
        "initial_executors or a job's cores, or raise emr_max_cores, which the account's quota "
        "bounds"
    )
    assert load_settings("local", override("emr_max_cores", 5)).emr_max_cores == 5


def test_only_a_text_is_told_to_stand_in_quotes(folder: Path) -> None:
    add(folder, "task_retries: two")

    with pytest.raises(SettingsError, match="^local: task_retries is a whole number, got 'two'$"):
        load_settings("local")


def test_a_lease_that_outlives_its_jobs_by_a_minute_is_taken(folder: Path) -> None:
    add(folder, "lease_minutes: 181")

    assert load_settings("local").lease_minutes == 181


@pytest.mark.parametrize("key", NUMBERS)
def test_each_bound_of_a_number_is_taken_and_nothing_beyond(folder: Path, key: str) -> None:
    # Bounds that meet: only the number in question may be refused.
    add(folder, "lease_minutes: 10080")
    for line in ("job_timeout_minutes: 5", "executor_cores: 1", "emr_max_cores: 100000"):
        add(folder, line)
    if key == "initial_executors":
        add(folder, "max_executors: 1000")
    least, greatest = NUMBERS[key]
    bounds = {least, greatest} - ({least} if key == "lease_minutes" else set())
    bounds -= {greatest} if key == "job_timeout_minutes" else set()

    for bound in bounds:
        assert getattr(load_settings("local", override(key, bound)), key) == bound

    for beyond in (least - 1, greatest + 1):
        with pytest.raises(SettingsError, match=f"^{key} is a number of {least} to {greatest}$"):
            load_settings("local", override(key, beyond))


def test_each_number_has_its_bounds() -> None:
    types = {name: field.type for name, field in Settings.__dataclass_fields__.items()}

    assert NUMBERS.keys() == {name for name, kind in types.items() if kind in (int, float)}


def test_a_whole_number_does_for_a_share(folder: Path) -> None:
    add(folder, "max_rejected_share: 1")

    share = load_settings("local").max_rejected_share

    assert (share, type(share)) == (1.0, float)


def test_a_missing_key_is_told(folder: Path) -> None:
    (folder / "local.yaml").write_text("region: eu-west-1\n")

    with pytest.raises(SettingsError, match="account_id is missing: add it to conf/local.yaml"):
        load_settings("local")


@pytest.mark.parametrize("name", ["nowhere", "../conf/local", ""])
def test_an_environment_without_a_file_is_told(folder: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="name an environment that has one"):
        load_settings(name)


def test_a_file_without_keys_is_told(folder: Path) -> None:
    (folder / "local.yaml").write_text("# nothing\n")

    with pytest.raises(SettingsError, match="holds no keys"):
        load_settings("local")


def test_no_key_holds_a_secret() -> None:
    names = asdict(load_settings("local")).keys()

    assert {name for name in names if "password" in name} == {"jdbc_password_secret"}
    assert set(names) == set(Settings.__dataclass_fields__)


def test_the_alerts_topic_lies_in_the_environments_own_account() -> None:
    arn = load_settings("local").alerts_topic_arn

    assert arn == "arn:aws:sns:eu-west-1:123456789012:music-streaming-alerts"
