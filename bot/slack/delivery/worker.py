"""Having Slack follow the ledger: when each release is looked at, and when again after something went wrong.

Each release has passes of its own, one at a time, so one that waits holds up no other.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.ledger.reader import Reader
from bot.release.ids import ReleaseId, UserId
from bot.slack.delivery.calls import Held, NotShown, NotTaken
from bot.slack.delivery.pace import Pace
from bot.slack.delivery.showing import Showing
from bot.slack.digest.digests import Digests
from bot.slack.errors import REFUSED

log = logging.getLogger(__name__)

FIRST_RETRY_S: Final = 2.0
LONGEST_RETRY_S: Final = 300.0
DIGEST_GAPS: Final = 10
"""How many times as long a digest waits between two passes: the cards of releases come first."""
NOT_ACCEPTED: Final = (
    "What you do counts, but Slack does not accept my token, so no message shows it. Ask whoever runs"
    " Rollcall to renew SLACK_BOT_TOKEN and to start me again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """When a release is looked at next (monotonic seconds), and how often that has failed for who
    knows how long.

    One that is `barred` waits for that time whatever happens, because there is no way to Slack, or none to
    its channel.
    """

    at: float
    failures: int = 0
    barred: bool = False


class DeliveryWorker:
    """Make Slack follow what the ledger says.

    `gap_s` is the least time between two passes over one release, so that a burst of events becomes one
    update of each message.
    """

    def __init__(
        self, showing: Showing, digests: Digests, releases: Reader, pace: Pace, gap_s: float
    ) -> None:
        self._showing = showing
        self._digests = digests
        self._releases = releases
        self._pace = pace
        self._gap_s = gap_s
        self._plans: dict[ReleaseId, _Plan] = {}
        self._passes: dict[ReleaseId, asyncio.Task[None]] = {}
        self._last_pass: dict[ReleaseId, float] = {}
        self._woken = asyncio.Event()
        self._stopping = False
        self._refusals = 0
        self._refused_until = 0.0
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow; what was not shown when the process ended is taken up first."""
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Bring the calls that are under way to an end, so that no post is left with an unknown outcome."""
        self._stopping = True
        self._pace.stop()
        self._woken.set()
        if self._running is not None:
            await self._running
        if self._passes:
            await asyncio.wait(self._passes.values())

    def wake(self, release: ReleaseId) -> None:
        """Have a release looked at soon."""
        gap_s = self._gap_s * (DIGEST_GAPS if self._digests.of(release) else 1)
        at = max(time.monotonic(), self._last_pass.get(release, 0.0) + gap_s)
        plan = self._plans.get(release, _Plan(at=at))
        if not plan.barred:
            self._plans[release] = _Plan(at=min(at, plan.at), failures=plan.failures)
        self._woken.set()

    def look_at(self, digest: ReleaseId) -> None:
        """Have a digest looked at now: who has pressed something in it waits to see what comes of it."""
        self._last_pass.pop(digest, None)
        self.wake(digest)

    async def wake_digests(self) -> None:
        """Have those digests looked at whose time has come."""
        for digest in self._digests.due():
            self.wake(digest)

    def wake_all(self) -> None:
        """Have all that is not shown looked at now, because something that was in the way may be gone."""
        now = time.monotonic()
        self._plans = {release: _Plan(at=now) for release in self._plans}
        self._woken.set()

    def is_at_rest(self) -> bool:
        """Whether all that is to be shown was looked at, and nothing is to be tried again."""
        return not (self._plans or self._passes or self._digests.is_any_due())

    def trouble(self) -> str:
        """Return what people are told with every answer while Slack shows nothing of what they do."""
        return NOT_ACCEPTED if self._refusals else ""

    async def is_running(self) -> bool:
        """Whether Slack is being made to follow."""
        running = self._running is not None and not self._running.done()
        return running and not self._refusals

    async def _run(self) -> None:
        await self._take_up()
        while not self._stopping:
            for release in self._due():
                plan = self._plans.pop(release)
                task = asyncio.get_running_loop().create_task(self._pass(release, plan))
                self._passes[release] = task
            await self._next_due()

    async def _take_up(self) -> None:
        """Find what was not shown when the process ended; while the database cannot be read, try again."""
        while not self._stopping:
            try:
                digests = {*await self._showing.people(), *await self._digests.every()}
                for release in (*await self._releases.unshown(), *digests):
                    self.wake(release)
                return
            except Exception:
                log.exception("What is not shown yet cannot be read.")
                await asyncio.sleep(FIRST_RETRY_S)

    def _due(self) -> Sequence[ReleaseId]:
        """Return the releases to look at now, the longest waiting first; but one while Slack refuses us."""
        now = time.monotonic()
        if now < self._refused_until:
            return []
        due = sorted(self._waiting(), key=lambda release: self._plans[release].at)
        due = [release for release in due if self._plans[release].at <= now]
        if self._refusals:
            return [] if self._passes else due[:1]
        return due

    def _waiting(self) -> Sequence[ReleaseId]:
        return [release for release in self._plans if release not in self._passes]

    async def _next_due(self) -> None:
        earliest = min((self._plans[release].at for release in self._waiting()), default=None)
        wait = None if earliest is None else max(0.0, earliest, self._refused_until) - time.monotonic()
        if self._refusals and self._passes:
            wait = None
        try:
            async with asyncio.timeout(wait):
                await self._woken.wait()
        except TimeoutError:
            pass
        self._woken.clear()

    async def _pass(self, release: ReleaseId, plan: _Plan) -> None:
        self._last_pass[release] = time.monotonic()
        try:
            await self._show(release)
            self._accepted()
        except NotShown as delay:
            self._again(release, plan, delay)
        except Exception:
            log.exception("A pass over %s failed.", release.key)
            self._again(release, plan, NotShown("an error in Rollcall"))
        finally:
            del self._passes[release]
            self._woken.set()

    async def _show(self, id_: ReleaseId) -> None:
        if person := self._digests.of(id_):
            await self._show_digest(person, id_)
        elif found := await self._releases.find_with_head(id_):
            release, head = found
            # The digests wait for no slow channel, so they are woken first.
            for digest in self._digests.concerned(release):
                self.wake(digest)
            await self._showing.show(release, head)

    async def _show_digest(self, person: UserId, id_: ReleaseId) -> None:
        if digest := await self._digests.digest_of(person, await self._showing.slots(id_)):
            await self._showing.show_to(person, id_, digest)

    def _accepted(self) -> None:
        if self._refusals:
            self._refusals = 0
            self.wake_all()

    def _refused(self) -> None:
        now = time.monotonic()
        # Passes that were under way together are refused together, and count once.
        if now >= self._refused_until:
            self._refused_until = now + _backoff(self._refusals)
            self._refusals += 1

    def _again(self, release: ReleaseId, plan: _Plan, delay: NotShown) -> None:
        after = _backoff(plan.failures) if delay.after_s is None else delay.after_s
        if not self._stopping:
            log.warning("%s is not shown yet: %s. Next try in %.0f s.", release.key, delay.why, after)
        at, barred = time.monotonic() + after, not isinstance(delay, Held | NotTaken)
        if not barred and (woken := self._plans.get(release)):
            at = min(at, woken.at)
        failures = plan.failures + 1 if delay.after_s is None else plan.failures
        self._plans[release] = _Plan(at=at, failures=failures, barred=barred)
        if delay.why in REFUSED:
            self._refused()


def _backoff(failures: int) -> float:
    return min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0**failures)
