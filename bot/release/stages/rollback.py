"""Rolling back: the way to the version before, from wherever production was touched."""

from dataclasses import dataclass
from typing import ClassVar

from bot.release.command import Command, Decision, Facts
from bot.release.event import Event, Told
from bot.release.gates.checks import by_hand
from bot.release.people.duties import Circle, not_yours
from bot.release.reason import reason_trouble
from bot.release.refusal import Code, Refused
from bot.release.release import Ending, Release
from bot.release.replace import replace
from bot.release.stages.lock import Lock
from bot.release.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackBegan(Event):
    """The release is taken back, for a reason; `to` is the version before it, where that is known.

    `to_commit` is the id of what was approved as that version, or nothing.
    """

    reason: str
    to: str | None = None
    to_commit: str = ""

    def change(self, release: Release) -> Release:
        ending = Ending(by=self.by, at=self.at, how="began to roll back")
        ended = release.without_failure(ending).without_plan(ending)
        return replace(
            ended,
            since=self.at,
            reports=by_hand(release),
            stage=release.back,
            opened={**release.opened, release.back: self.at},
            attempt=1,
            rolled_back_from=release.state,
            taken_back=self,
            lock=Lock(by=self.by, at=self.at, reason=self.reason, to=self.to),
        )

    def told(self) -> Told:
        return Told("began to roll back:", self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack(Event):
    """The version is out of production; its service stays locked until somebody lifts that."""

    def change(self, release: Release) -> Release:
        assert release.lock is not None
        return replace(release, since=self.at, ended_by=release.lock.by, ended_because=release.lock.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback(Command):
    """Take a release back that has touched production, or the newest that was completed."""

    after_end: ClassVar[bool] = True
    asks_neighbours: ClassVar[bool] = True

    reason: str

    def decide(self, release: Release, facts: Facts) -> Decision:
        circles = (Circle.LEAD, Circle.OWNERS, Circle.ROLLBACK)
        return (
            self._not_to_be_taken_back(release)
            or self._not_newest(release, facts)
            or not_yours(release, self.by, "Rolling back", *circles)
            or reason_trouble(self.reason)
            or (self._began(facts),)
        )

    def _began(self, facts: Facts) -> RollbackBegan:
        near = facts.neighbours
        return RollbackBegan(
            at=facts.now, by=self.by, reason=self.reason, to=near.before, to_commit=near.before_commit
        )

    def _not_to_be_taken_back(self, release: Release) -> Refused | None:
        if release.state in (State.ROLLING_BACK, State.ROLLED_BACK):
            return Refused(
                code=Code.ALREADY_DONE,
                because=f"{release.key} is {release.state.words} already.",
            )
        if not release.touched_production:
            return Refused(
                code=Code.NOTHING_TO_ROLL_BACK,
                because=f"{release.key} has not touched production, so there is nothing to roll back.",
                instead="" if release.state.ended else "Cancel it instead.",
            )
        return None

    def _not_newest(self, release: Release, facts: Facts) -> Refused | None:
        if not release.state.ended:
            return None
        if facts.neighbours.active:
            return Refused(
                code=Code.ANOTHER_ACTIVE,
                because=f"{facts.neighbours.active} is open, and one release at a time holds a service.",
                instead=f"Cancel {facts.neighbours.active} first, or roll that one back.",
            )
        if facts.neighbours.newest != release.key:
            return Refused(
                code=Code.NOT_NEWEST,
                because=f"{release.key} is not in production any more; {facts.neighbours.newest} is.",
                instead=f"Roll back {facts.neighbours.newest}.",
            )
        return None
