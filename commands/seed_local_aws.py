"""What lies in the stand-in right after `make up`, as a deployment would make it on AWS."""

import contextlib
import json
from typing import Any

from botocore.exceptions import ClientError

from commands.local_stack import make_client
from conf.settings import Settings
from dags.systems import metadata, warehouse
from localaws.stack import Stack

IDLE_MINUTES = 15
# No worker of EMR Serverless has more: vCPU alone is the bound.
MOST_GB_PER_CORE = 8


def seed(stack: Stack, settings: Settings) -> list[str]:
    """Make what is missing and give the migrations applied; a second call changes nothing."""
    create_ledger(make_client(stack, "dynamodb"), settings)
    create_application(make_client(stack, "emr-serverless"), settings)
    put_secrets(make_client(stack, "secretsmanager"), stack, settings)
    make_client(stack, "sns").create_topic(Name=settings.alerts_topic)
    connection = metadata.connect(stack.postgres.dsn(settings.metadata_database))
    with contextlib.closing(connection):
        applied = metadata.migrate(connection)
    return applied + warehouse.migrate(open_warehouse(stack, settings))


def open_warehouse(stack: Stack, settings: Settings) -> warehouse.Warehouse:
    """Give the stand-in's warehouse, reached as Redshift is: by the Data API."""
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


def put_secrets(client: Any, stack: Stack, settings: Settings) -> None:
    """Put the secrets of Airflow's connections and of the JDBC user; ports may have changed."""
    dsn = stack.postgres.dsn(settings.metadata_database)
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
    secrets[settings.jdbc_password_secret] = str(dsn["password"])
    for name, value in secrets.items():
        put_secret(client, name, value)


def put_secret(client: Any, name: str, value: str) -> None:
    """Create a secret, or give it a new value."""
    try:
        client.create_secret(Name=name, SecretString=value)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceExistsException":
            raise
        client.put_secret_value(SecretId=name, SecretString=value)
