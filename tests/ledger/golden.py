"""Print the story as it is told now, in the form of golden.jsonl: `python -m tests.ledger.golden`."""

import asyncio
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.ledger.schema import upgrade
from tests.ledger.story import tell
from tests.ledger.world import Replica, StillClock, Town, lines, write_runbook


async def print_story(folder: Path) -> None:
    url, town, clock = f"sqlite:///{folder / 'ledger.db'}", Town(), StillClock()
    write_runbook(folder / "runbooks")
    upgrade(url)
    replica = Replica(url, folder / "runbooks", town, clock)
    await tell(replica, town, clock)
    for line in await replica.database.read(lines):
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    replica.database.close()


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        asyncio.run(print_story(Path(folder)))
