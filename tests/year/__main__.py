"""`python -m tests.year`: play a year of releases, and print what it costs in Slack against a naive bot."""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.year import table
from tests.year.year import play


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.year", description=__doc__)
    parser.add_argument("--days", type=int, default=364)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        played = asyncio.run(play(Path(folder), options.seed, options.days))
    print(f"played in {time.monotonic() - began:.0f} s")
    print(table.of(played))
    return 0


if __name__ == "__main__":
    sys.exit(main())
