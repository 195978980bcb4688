"""Start or stop an embedded PostgreSQL that holds the users and songs of a data folder."""

import argparse
import shlex
import sys
from pathlib import Path

from commands.console import say, verb
from commands.folder_run.delivery import hash_delivery, list_delivery
from commands.folder_run.metadata import PASSWORD_SETTING, load
from commands.spark import jars, submit
from dags.systems.metadata import MetadataError
from localaws.errors import LocalAwsError
from localaws.postgres import PostgresServer


@verb(MetadataError, LocalAwsError)
def main(argv: list[str]) -> int:
    """Start it, load DATA and print the exports that reach it; or stop it."""
    parser = argparse.ArgumentParser(prog="make metadata-up", description=__doc__)
    parser.add_argument("verb", choices=("up", "down"))
    parser.add_argument("--data", type=Path, default=Path("tests/sample"))
    parser.add_argument("--state", type=Path, default=Path(".local/metadata"))
    args = parser.parse_args(argv)
    server = PostgresServer(args.state.absolute() / "postgres")
    if args.verb == "down":
        server.stop()
    else:
        start(server, args.state.absolute(), args.data)
    return 0


def start(server: PostgresServer, state: Path, data: Path) -> None:
    """Start the server and load the delivery; the password goes into a file of mode 0600."""
    delivery = list_delivery(data)
    server.start()
    try:
        metadata = load(server, state, hash_delivery(delivery, state))
    except MetadataError:
        server.stop()
        raise
    properties = state / "spark.conf"
    settings = submit.read_local_settings() | {
        PASSWORD_SETTING: metadata.password,
        "spark.driver.extraClassPath": f"{jars.jars_dir('jdbc').absolute()}/*",
    }
    submit.write_properties(properties, settings)
    for file in metadata.report.files:
        say(f"{file.file_key}: {file.rows_loaded:,} of {file.rows_read:,} rows")
    _, url, _, user, *_ = metadata.arguments
    print(f"export JDBC_URL={shlex.quote(url)}")
    print(f"export JDBC_USER={shlex.quote(user)}")
    print(f"export JDBC_PROPERTIES={shlex.quote(str(properties))}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
