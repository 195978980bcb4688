"""Start the stand-in's servers and make what lies in them."""

import time

from commands.console import say
from commands.stack.seed import seed
from conf.settings import Settings, SettingsError
from dags.systems.metadata import MetadataError
from dags.systems.warehouse import WarehouseError
from localaws.errors import LocalAwsError
from localaws.stack import Stack

# What a verb over the stand-in tells its user in one line.
MISTAKES = (SettingsError, LocalAwsError, MetadataError, WarehouseError)


def bring_up(stack: Stack, settings: Settings) -> None:
    """Bring the servers up and make what lies in them; what runs and lies there stays."""
    started = time.monotonic()
    stack.up()
    for file_name in seed(stack, settings):
        say(f"applied {file_name}")
    seconds = time.monotonic() - started
    say(f"the local AWS is up after {seconds:.1f} s; its state: {stack.config.state}")
