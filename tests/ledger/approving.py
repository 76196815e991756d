"""A process that changes its mind at a gate without end: `approving URL FOLDER`.

It prints what was acknowledged: the number of the event that the answer ended with, and its comment.
"""

import asyncio
import itertools
import os
import sys
from pathlib import Path

from bot.ledger.ledger import Entry
from tests.ledger.world import BEN, Replica, StillClock, Town, approve, reject, start


async def approve_and_reject(url: str, runbooks: Path) -> None:
    replica = Replica(url, runbooks, Town(), StillClock())
    await replica.hears(start())
    await replica.hears(reject(BEN, comment="Wait."))
    for number in itertools.count():
        comment = f"{number} of {os.getpid()}"
        for command in (approve(BEN, comment=comment), reject(BEN, comment=comment)):
            release = await replica.accepts(command)
            print(release.seq, comment, flush=True)


def comment_of(entry: Entry) -> str:
    """Return the comment of an approval or a rejection."""
    return str(getattr(entry.event, "comment", ""))


if __name__ == "__main__":
    asyncio.run(approve_and_reject(sys.argv[1], Path(sys.argv[2])))
