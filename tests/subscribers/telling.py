"""A process that tells one receiver, until it is killed: `telling DATABASE URL BEGAN`."""

import asyncio
import os
import sys
import time
from datetime import UTC, datetime, timedelta

from bot.ledger.database import Database
from bot.ledger.ledger import Ledger
from bot.ledger.reader import Reader
from bot.signing import Key
from bot.subscribers.post import Post
from bot.subscribers.subscriber import Subscriber
from bot.subscribers.teller import Teller
from tests.ledger.world import TEAM
from tests.subscribers.house import LOOPBACK, QUICK

TIMES = 200


class QuickClock:
    """Go as many times as fast as other clocks, from a moment on that processes share."""

    def __init__(self, began: float) -> None:
        self._began = began

    def now(self) -> datetime:
        passed = timedelta(seconds=(time.time() - self._began) * TIMES)
        return datetime.fromtimestamp(self._began, UTC) + passed


async def tell(database_url: str, url: str, began: float) -> None:
    database = Database(database_url)
    subscriber = Subscriber(name="log", url=url, keys=(Key.read(os.environ["RECEIVER_SECRET"]),))
    post = Post(subscriber, LOOPBACK, QUICK)
    releases = Reader(database, Ledger())
    Teller(subscriber, post, TEAM, releases, database, QuickClock(began), look_s=0.02).start()
    print("telling", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(tell(sys.argv[1], sys.argv[2], float(sys.argv[3])))
