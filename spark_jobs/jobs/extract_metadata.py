"""Extract users and songs from PostgreSQL over JDBC to Parquet."""

import argparse
import json
import logging
import sys
from string import Template

from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from spark_jobs import hadoop_files, schemas, session, storage
from spark_jobs.errors import JobError
from spark_jobs.key_ranges import range_predicates

# Spark redacts the values of names that hold "password", in its logs and pages.
PASSWORD_SETTING = "spark.kpi.jdbc.password"  # noqa: S105
DRIVER = "org.postgresql.Driver"
TLS_MODES = ("disable", "prefer", "require", "verify-ca", "verify-full")
# Of no TLS there, another authority, another host, and a PEM that is not there.
TLS_SIGNS = ("SSL", "certification path", "could not be verified", ".pem")
KEYS = {"users": "user_id", "songs": "id"}
# Every n-th key, so that sparse ids fill the ranges evenly; one scan of the key's index. Names
# are those of KEYS, the number is an int: nothing here comes from outside.
BOUNDS_QUERY = Template(
    """SELECT $key AS bound
    FROM (
        SELECT $key, row_number() OVER (ORDER BY $key) AS place, count(*) OVER () AS total
        FROM $table
    ) AS numbered
    WHERE place > 1 AND (place - 1) % greatest(250000, 1 + total / $max_partitions) = 0"""
)

log = logging.getLogger("extract_metadata")


def parse_args(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="extract_metadata", description=__doc__)
    parser.add_argument("--jdbc-url", required=True, help="jdbc:postgresql://host:port/database")
    parser.add_argument("--jdbc-user", required=True)
    parser.add_argument("--output", required=True, help="URI of this attempt's folder, fresh")
    parser.add_argument("--ssl-mode", choices=TLS_MODES, default="verify-full")
    parser.add_argument("--ssl-root-cert", help="path of the PEM that verify-ca and -full need")
    parser.add_argument("--fetch-size", type=int, default=10_000, help="rows a round trip")
    parser.add_argument("--max-partitions", type=int, default=8, help="connections at a time")
    args = parser.parse_args(argv)
    if not args.jdbc_url.startswith("jdbc:postgresql://") or "password" in args.jdbc_url.lower():
        parser.error(
            "--jdbc-url is jdbc:postgresql://host:port/database, without a password: "
            f"that goes into the Spark setting {PASSWORD_SETTING}"
        )
    if args.fetch_size < 1 or args.max_partitions < 1:
        parser.error("--fetch-size and --max-partitions are at least 1")
    return args


def run(spark: SparkSession, args: argparse.Namespace) -> None:
    """Write `users`, `songs` and `metadata.json`, which holds the version that was read.

    Partitions are read in connections of their own, so a load in between could show in some:
    the version is read before and after, and a change fails the attempt.
    """
    options = connection_options(spark, args)
    try:
        version = read_version(spark, options)
        for table, schema in (("users", schemas.USERS), ("songs", schemas.SONGS)):
            rows = read_table(spark, options, table, schema, args.max_partitions)
            storage.write(rows, hadoop_files.join_uri(args.output, table), schema)
        if read_version(spark, options) != version:
            raise JobError("the metadata changed while it was read: run the attempt again")
    except Py4JJavaError as error:
        raise translate(error, args) from error
    content = json.dumps({"metadata_version": version}).encode()
    hadoop_files.write_bytes(spark, hadoop_files.join_uri(args.output, "metadata.json"), content)


def connection_options(spark: SparkSession, args: argparse.Namespace) -> dict[str, str]:
    """Give the options of the JDBC source; the password comes from the Spark setting alone.

    Raises:
        JobError: The setting is missing.
    """
    password = spark.conf.get(PASSWORD_SETTING, None)
    if not password:
        raise JobError(f"no password: set {PASSWORD_SETTING}, by --properties-file and not --conf")
    options = {
        "url": args.jdbc_url,
        "user": args.jdbc_user,
        "password": password,
        "driver": DRIVER,
        "fetchsize": str(args.fetch_size),
        "sslmode": args.ssl_mode,
        "connectTimeout": "10",
        "ApplicationName": "extract_metadata",
    }
    if args.ssl_root_cert:
        options["sslrootcert"] = args.ssl_root_cert
    return options


def read_version(spark: SparkSession, options: dict[str, str]) -> str:
    """Read the version of the metadata, as its loader left it."""
    query = "SELECT version FROM metadata_version"
    rows = spark.read.format("jdbc").options(**options).option("query", query).load().collect()
    if not rows:
        raise JobError("the database holds no metadata yet: load users and songs first")
    return str(rows[0].version)


def read_table(
    spark: SparkSession,
    options: dict[str, str],
    table: str,
    schema: StructType,
    max_partitions: int,
) -> DataFrame:
    """Read a table in ranges of its key that hold equally many rows: in the schema's order."""
    key = KEYS[table]
    query = BOUNDS_QUERY.substitute(table=table, key=key, max_partitions=max_partitions)
    source = spark.read.format("jdbc").options(**options)
    bounds = sorted(row.bound for row in source.option("query", query).load().collect())
    predicates = range_predicates(key, bounds)
    log.info("reading %s in %d ranges of %s", table, len(predicates), key)
    url, properties = options["url"], {k: v for k, v in options.items() if k != "url"}
    rows = spark.read.jdbc(url, table, predicates=predicates, properties=properties)
    return rows.select(*schema.fieldNames())


def translate(error: Py4JJavaError, args: argparse.Namespace) -> JobError:
    """Give an operator's words for what the database answered; other errors stay as they are."""
    message = hadoop_files.java_message(error)
    advice = {
        "password authentication failed": f"check the user and the setting {PASSWORD_SETTING}",
        "Connection refused": "check --jdbc-url, and that the database runs and can be reached",
        "ConnectException": "check --jdbc-url, and that the database runs and can be reached",
        "UnknownHost": "check the host in --jdbc-url",
        "timed out": "check that this network reaches the database",
        "does not exist": "check the database's name and that its migrations are applied",
        **dict.fromkeys(TLS_SIGNS, "check --ssl-mode and --ssl-root-cert"),
        "ClassNotFound": "put the PostgreSQL driver on the class path: --jars or extraClassPath",
    }
    for sign, what_to_do in advice.items():
        if sign in message:
            return JobError(f"{args.jdbc_url} as {args.jdbc_user}: {message}: {what_to_do}")
    raise error


if __name__ == "__main__":
    arguments = parse_args(sys.argv[1:])
    sys.exit(session.run_job("extract_metadata", arguments, run))
