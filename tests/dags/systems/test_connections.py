"""What Airflow's connections give, and what is missing in one is told."""

import json
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from dags.systems import connections
from dags.systems.connections import MissingFieldError, extra_of, open_session, postgres_dsn


def a_connection(**fields: Any) -> Any:
    values = {
        "conn_id": "rds_postgres",
        "host": "db.example",
        "port": 5433,
        "schema": "metadata",
        "login": "reader",
        "password": "sesame",
        "extra": "{}",
    } | fields
    return SimpleNamespace(**values, extra_dejson=json.loads(values["extra"]))


def modules_with(monkeypatch: pytest.MonkeyPatch, **modules: ModuleType | None) -> None:
    """Put modules of Airflow in place, by their names with `_` for dots; None is not there."""
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name.replace("_", "."), module)


def a_hook_module() -> ModuleType:
    module = ModuleType("airflow")
    module.BaseHook = SimpleNamespace(get_connection=lambda name: f"connection {name}")
    return module


def test_a_connection_is_read_by_airflow_3(monkeypatch: pytest.MonkeyPatch) -> None:
    modules_with(monkeypatch, airflow_sdk=a_hook_module())

    assert connections.read_connection("rds_postgres") == "connection rds_postgres"


def test_a_connection_is_read_by_airflow_2(monkeypatch: pytest.MonkeyPatch) -> None:
    modules_with(monkeypatch, airflow_sdk=None, airflow_hooks_base=a_hook_module())

    assert connections.read_connection("rds_postgres") == "connection rds_postgres"


@pytest.mark.parametrize(
    ("field", "name"),
    [("host", "host"), ("schema", "dbname"), ("login", "user"), ("password", "password")],
)
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_field_of_the_database_is_told(field: str, name: str, value: Any) -> None:
    with pytest.raises(MissingFieldError, match=f"^connection rds_postgres lacks its {name}$"):
        postgres_dsn(a_connection(**{field: value}), "require", "")


def test_a_database_is_reached_by_tls_as_the_environment_says() -> None:
    dsn = postgres_dsn(a_connection(), "verify-full", "/bundle.pem")

    assert dsn == {
        "host": "db.example",
        "port": "5433",
        "dbname": "metadata",
        "user": "reader",
        "password": "sesame",
        "sslmode": "verify-full",
        "sslrootcert": "/bundle.pem",
    }


def test_a_port_that_is_not_given_is_postgresqls_own() -> None:
    dsn = postgres_dsn(a_connection(port=None), "disable", "")

    assert (dsn["port"], dsn["sslmode"]) == ("5432", "disable")
    assert "sslrootcert" not in dsn


@pytest.mark.parametrize("extra", [{}, {"workgroup": ""}, {"workgroup": None}])
def test_a_missing_field_of_an_extra_is_told(extra: dict[str, Any]) -> None:
    connection = a_connection(conn_id="redshift_conn", extra=json.dumps(extra))

    with pytest.raises(MissingFieldError, match="^the extra of .* redshift_conn lacks workgroup$"):
        extra_of(connection, "workgroup")


def test_the_named_fields_of_an_extra_are_given_and_no_others() -> None:
    extra = {"workgroup": "w", "database": "d", "port": 5439}

    found = extra_of(a_connection(extra=json.dumps(extra)), "workgroup", "port")

    assert found == {"workgroup": "w", "port": "5439"}


def test_a_client_waits_and_tries_again_with_room_for_parallel_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)

    client = open_session("eu-west-1").client("s3")

    assert client.meta.region_name == "eu-west-1"
    assert client.meta.config.retries == {"mode": "standard", "total_max_attempts": 6}
    assert client.meta.config.max_pool_connections == 32
