"""Things that are followed are each looked at until nothing is left to do."""

import asyncio
from collections import defaultdict

import pytest

from bot.following import Following


class Jobs:
    """Things to do, each with what comes of each look: seconds to wait, None, or that it goes wrong."""

    def __init__(self, **jobs: list[float | Exception | None]) -> None:
        self.jobs = jobs
        self.looks: defaultdict[str, int] = defaultdict(int)
        self.busy = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()

    async def see_to(self, job: str) -> float | None:
        self.looks[job] += 1
        self.busy.set()
        await self.go.wait()
        outcome = self.jobs[job].pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def followed(self) -> Following[str]:
        return Following(self.see_to, lambda job: f"{job} is not done", retry_s=0.001)


async def over(following: Following[str], *jobs: str) -> None:
    async with asyncio.timeout(5):
        while any(job in following for job in jobs):
            await asyncio.sleep(0.001)


async def test_it_is_looked_at_until_nothing_is_left() -> None:
    jobs = Jobs(wash=[0.001, 0.001, None])
    following = jobs.followed()
    following.wake("wash")
    await over(following, "wash")
    assert jobs.looks["wash"] == 3


async def test_what_comes_while_it_is_looked_at_is_looked_at_as_well() -> None:
    jobs = Jobs(wash=[None, None])
    jobs.go.clear()
    following = jobs.followed()
    following.wake("wash")
    await jobs.busy.wait()
    following.wake("wash")
    jobs.go.set()
    await over(following, "wash")
    assert jobs.looks["wash"] == 2


async def test_news_end_the_wait() -> None:
    jobs = Jobs(wash=[3600, None])
    following = jobs.followed()
    following.wake("wash")
    await jobs.busy.wait()
    await asyncio.sleep(0.001)
    following.wake("wash")
    await over(following, "wash")
    assert jobs.looks["wash"] == 2


async def test_what_goes_wrong_is_told_and_tried_again_and_holds_up_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    jobs = Jobs(wash=[OSError("no water"), OSError("no water"), None], dry=[None])
    following = jobs.followed()
    following.wake("wash")
    following.wake("dry")
    await over(following, "dry")
    assert "wash" in following
    await over(following, "wash")
    assert [record.getMessage() for record in caplog.records] == ["wash is not done; it is tried again."] * 2
    assert jobs.looks == {"wash": 3, "dry": 1}


async def test_when_it_stops_what_is_under_way_ends_and_nothing_begins() -> None:
    jobs = Jobs(wash=[3600], dry=[])
    jobs.go.clear()
    following = jobs.followed()
    following.wake("wash")
    await jobs.busy.wait()
    stopping = asyncio.ensure_future(following.stop())
    await asyncio.sleep(0.001)
    assert not stopping.done()
    jobs.go.set()
    async with asyncio.timeout(5):
        await stopping
    following.wake("dry")
    await asyncio.sleep(0.001)
    assert jobs.looks == {"wash": 1}
