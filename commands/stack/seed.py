"""What lies in the stand-in right after `make up`, as a deployment would make it on AWS."""

import contextlib
import dataclasses
import hmac
import json
from typing import Any

from botocore.exceptions import ClientError

from commands.stack.describe import make_client
from conf.settings import Settings
from dags.protocol import users
from dags.systems import metadata, warehouse
from localaws.stack import Stack

IDLE_MINUTES = 15
# The warehouse's own secret, as the service keeps the administrator's.
ADMIN_SECRET = "music-streaming/warehouse-admin"  # noqa: S105
# No worker of EMR Serverless has more: vCPU alone is the bound.
MOST_GB_PER_CORE = 8


def seed(stack: Stack, settings: Settings) -> list[str]:
    """Make what is missing and give the migrations applied; a second call changes nothing."""
    create_ledger(make_client(stack, "dynamodb"), settings)
    create_application(make_client(stack, "emr-serverless"), settings)
    make_client(stack, "sns").create_topic(Name=settings.alerts_topic)
    loader, reader = settings.metadata_user, settings.jdbc_user
    database = settings.metadata_database
    with contextlib.closing(metadata.connect(stack.postgres.dsn(database))) as connection:
        applied = metadata.migrate(connection)
        for user in (loader, reader):
            users.set_password(connection, user, password_of(stack, user))
        users.grant_metadata(connection, database, loader, reader)
    admin = put_secrets(make_client(stack, "secretsmanager"), stack, settings)
    owner = dataclasses.replace(open_warehouse(stack, settings), secret_arn=admin)
    applied += warehouse.migrate(owner)
    users.grant_warehouse(owner, settings.warehouse_user)
    return applied


def password_of(stack: Stack, user: str) -> str:
    """Give the password of a user of the stand-in's RDS: derived from the server's own."""
    return hmac.new(stack.postgres.password.encode(), user.encode(), "sha256").hexdigest()


def metadata_dsn(stack: Stack, settings: Settings, user: str) -> dict[str, Any]:
    """Give psycopg2's parameters of the metadata as one of its users."""
    dsn = stack.postgres.dsn(settings.metadata_database)
    return dsn | {"user": user, "password": password_of(stack, user)}


def open_warehouse(stack: Stack, settings: Settings) -> warehouse.Warehouse:
    """Give the stand-in's warehouse, reached as Redshift is: by the Data API, as the pipeline."""
    return warehouse.Warehouse(
        client=make_client(stack, "redshift-data"),
        workgroup=settings.warehouse_workgroup,
        database=settings.warehouse_database,
    )


def create_ledger(client: Any, settings: Settings) -> None:
    """Make the table of the files' states, keyed by `file_key`."""
    try:
        client.create_table(
            TableName=settings.ledger_table,
            AttributeDefinitions=[{"AttributeName": "file_key", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "file_key", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceInUseException":
            raise


def create_application(client: Any, settings: Settings) -> None:
    """Make the permanent application that job runs are submitted to."""
    pages = client.get_paginator("list_applications").paginate()
    names = [
        application["name"]
        for page in pages
        for application in page["applications"]
        if application["state"] != "TERMINATED"
    ]
    if settings.emr_application not in names:
        cores = settings.emr_max_cores
        client.create_application(
            maximumCapacity={"cpu": f"{cores} vCPU", "memory": f"{cores * MOST_GB_PER_CORE} GB"},
            name=settings.emr_application,
            releaseLabel=settings.emr_release,
            type="SPARK",
            autoStartConfiguration={"enabled": True},
            autoStopConfiguration={"enabled": True, "idleTimeoutMinutes": IDLE_MINUTES},
        )


def put_secrets(client: Any, stack: Stack, settings: Settings) -> str:
    """Put the secrets of Airflow's connections and of the users, and give the administrator's ARN.

    Ports may have changed.
    """
    dsn = metadata_dsn(stack, settings, settings.metadata_user)
    connections = {
        "rds_postgres": {
            "conn_type": "postgres",
            "host": dsn["host"],
            "port": dsn["port"],
            "login": dsn["user"],
            "password": dsn["password"],
            "schema": dsn["dbname"],
            "extra": {"sslmode": dsn["sslmode"]},
        },
        "redshift_conn": {
            "conn_type": "generic",
            "extra": {
                "workgroup": settings.warehouse_workgroup,
                "database": settings.warehouse_database,
                "copy_role": settings.copy_role,
            },
        },
    }
    secrets = {
        f"{settings.connections_prefix}/{name}": json.dumps(connection)
        for name, connection in connections.items()
    }
    secrets[settings.jdbc_password_secret] = password_of(stack, settings.jdbc_user)
    for name, value in secrets.items():
        put_secret(client, name, value)
    server = stack.postgres.dsn(settings.warehouse_database)
    login = {"username": server["user"], "password": server["password"]}
    return put_secret(client, ADMIN_SECRET, json.dumps(login))


def put_secret(client: Any, name: str, value: str) -> str:
    """Create a secret, or give it a new value; give its ARN."""
    try:
        return str(client.create_secret(Name=name, SecretString=value)["ARN"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceExistsException":
            raise
        return str(client.put_secret_value(SecretId=name, SecretString=value)["ARN"])
