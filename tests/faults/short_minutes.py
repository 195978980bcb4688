"""The stand-in's endpoint, its minutes of some seconds: -m tests.faults.short_minutes CONFIG."""

import functools
import sys

from localaws.emr_serverless.api import EmrServerless
from localaws.endpoint import __main__ as program

MINUTE_SECONDS = 1.6

if __name__ == "__main__":
    program.EmrServerless = functools.partial(EmrServerless, minute_seconds=MINUTE_SECONDS)
    sys.exit(program.main(sys.argv[1:]))
