"""Make sample data of any size: the same arguments give the same bytes."""

import sys

from commands.sample_data.plays import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
