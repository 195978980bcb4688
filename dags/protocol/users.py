"""The users of RDS and of the warehouse: what each may do, granted by whoever migrates.

The migrating user owns all tables. Nobody else may make, change or drop one.
"""

import re
from collections.abc import Mapping
from importlib import resources
from typing import TYPE_CHECKING, Any

from conf.forms import DATABASE_USER, NAME, WAREHOUSE_USER
from dags.systems import metadata
from dags.systems.warehouse import Statement, Warehouse, read_sql

if TYPE_CHECKING:
    from dags.systems.metadata import Connection

# What the daily run writes; of `schema_version` it only reads.
WRITTEN = ("users", "songs", "streams", "genre_kpis", "hourly_kpis", "etl_state")
# Names that no statement can bind, each with what it may be made of.
NAMES = {
    "database": NAME,
    "loader": DATABASE_USER,
    "reader": DATABASE_USER,
    "user": WAREHOUSE_USER,
    "table": DATABASE_USER,
}


class UserError(Exception):
    """A name may not enter SQL; the message says which."""


def set_password(connection: "Connection", user: str, password: str) -> None:
    """Give a user of RDS its password, and make the user where it is missing.

    PostgreSQL gets the hash: the password itself is in no statement.
    """
    verifier = metadata.hash_password(connection, user, password)
    with metadata.transaction(connection), connection.cursor() as cursor:
        cursor.execute(_read("lock_migrations"))
        cursor.execute(_read("select_user"), {"user": user})
        verb = "alter_user" if cursor.fetchone() else "create_user"
        cursor.execute(put_names(_read(verb), {"user": user}), {"password": verifier})


def grant_metadata(connection: "Connection", database: str, loader: str, reader: str) -> None:
    """Let the loader read and write the metadata, and the reader select it; may be repeated."""
    names = {"database": database, "loader": loader, "reader": reader}
    grants = ("revoke_database", "revoke_schema", "grant_connect", "grant_temporary", "grant_usage")
    with metadata.transaction(connection), connection.cursor() as cursor:
        cursor.execute(_read("lock_migrations"))
        for name in (*grants, "grant_loader", "grant_loader_version", "grant_reader"):
            text = _read(name)
            cursor.execute(put_names(text, {k: v for k, v in names.items() if f"${k}" in text}))


def grant_warehouse(warehouse: Warehouse, user: str) -> None:
    """Let the pipeline's user read and write the warehouse's tables, no more; may be repeated.

    On Redshift `user` is derived from the identity that calls the Data API.
    """
    if not warehouse.query(Statement(read_sql("select_user"), {"user": user})).rows:
        warehouse.query(Statement(put_names(read_sql("create_user"), {"user": user})))
    place = {"database": warehouse.database}
    texts = [
        put_names(read_sql("revoke_database"), place),
        read_sql("revoke_schema"),
        put_names(read_sql("grant_temp"), place | {"user": user}),
        put_names(read_sql("grant_usage"), {"user": user}),
        put_names(read_sql("grant_schema_version"), {"user": user}),
    ]
    each = read_sql("grant_table")
    texts += [put_names(each, {"table": table, "user": user}) for table in WRITTEN]
    warehouse.run_batch([Statement(text) for text in texts])


def put_names(sql: str, names: Mapping[str, str]) -> str:
    """Put checked names in the place of `$name` markers, each in its quotes.

    Raises:
        UserError: A name is not of its pattern, a marker has no name, or the reverse.
    """
    markers = set(re.findall(r"\$([a-z_]+)", sql))
    if markers != names.keys():
        raise UserError(f"the statement takes {sorted(markers)}, got {sorted(names)}")
    for marker, name in names.items():
        if not NAMES[marker].fullmatch(name):
            raise UserError(f"{marker} may not enter SQL: {name!r}")
    return re.sub(r"\$([a-z_]+)", lambda match: f'"{names[match[1]]}"', sql)


def _read(name: str) -> Any:
    return resources.files(metadata.SQL_FOLDER).joinpath(f"{name}.sql").read_text("utf-8")
