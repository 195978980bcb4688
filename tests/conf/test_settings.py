"""The configuration is one checked object; what is wrong with it is told by key."""

from dataclasses import FrozenInstanceError, asdict
from pathlib import Path

import pytest

from conf import settings
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
        ("region: null", "local: region is a text, got None: put it in quotes"),
        ("account_id: 123456789012", "local: account_id is a text, got 123456789012"),
        ("data_bucket: s3://bucket", "data_bucket is a bucket name, not a URI: drop the s3://"),
        ("data_bucket: Bucket", "data_bucket is no bucket name: 'Bucket'"),
        ("account_id: '12'", "account_id is twelve digits"),
        ("copy_role: admin", "copy_role is a role's ARN, got 'admin'"),
        ("warehouse_workgroup: x", "warehouse_workgroup is a name of 3 to 64 characters"),
    ],
)
def test_a_wrong_value_is_told_by_its_key(folder: Path, line: str, message: str) -> None:
    add(folder, line)

    with pytest.raises(SettingsError) as error:
        load_settings("local")

    assert str(error.value).startswith(message)


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
