"""Histories of many people at once, and the search for an order that explains all their answers.

The search is that of Wing and Gong ("Testing and verifying concurrent objects", 1993): take any act that no
other was answered before, ask the specification, and go on where its answer is the one that was given. The
specification is the real `decide` in a village of one thing after the other, with facts that are gathered
here and not by the coordinator.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import takewhile

from bot.coordinator import WITHDRAWN_LIMIT, Accepted, Answer, Noted, unknown_release
from bot.ledger.own import chain_of
from bot.ledger.progress.answers import Delivery
from bot.release.command import Command, Decision, Facts, Neighbours
from bot.release.decide import decide, decide_start, fold
from bot.release.event import Event
from bot.release.ids import ReleaseKey, UserId, WorkspaceId
from bot.release.people.directory import Directory
from bot.release.people.own import OwnCommand, OwnEvent, own_after
from bot.release.refusal import Refused
from bot.release.release import Release
from bot.release.stages.revision import ChangeManifest
from bot.release.stages.start import Earlier, Start, StartFacts, locked_by
from bot.release.stages.withdrawn import withdrawn_with
from bot.release.state import State
from bot.runbook.model import Runbook
from tests.ledger.world import MORNING

Ledger = Mapping[str, Sequence[Event | OwnEvent]]
"""What was written, by the key of its chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants, and what tells one such act from another."""

    command: Start | Command | OwnCommand
    delivery: Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What somebody wanted, what the answer was, and from when until when they waited for it, in seconds."""

    asked: Asked
    since: float
    until: float
    answer: Answer | Noted


@dataclass(frozen=True, slots=True, kw_only=True)
class Village:
    """A service, its people and what they were answered, where everybody waits for their turn."""

    workspace: WorkspaceId
    runbook: Runbook
    people: Directory
    releases: Mapping[ReleaseKey, Release] = field(default_factory=dict)
    answers: Mapping[Delivery, Answer] = field(default_factory=dict)
    said: Mapping[UserId, Sequence[OwnEvent]] = field(default_factory=dict)
    told: Mapping[str, int] = field(default_factory=dict)

    def hears(self, heard: Heard, ledger: Ledger) -> "Village | None":
        """Return the village after an act, or None where the answer or the events are not those."""
        command, delivery = heard.asked.command, heard.asked.delivery
        if isinstance(command, OwnCommand):
            return self._notes(command, heard.answer, ledger)
        if delivery in self.answers:
            return self if self._once_more(self.answers[delivery]) == heard.answer else None
        chain, before, decision = self._decides(command)
        if isinstance(decision, Refused):
            return self._remembers(delivery, decision) if decision == heard.answer else None
        release = fold(decision, before) if decision else before
        assert release is not None
        if heard.answer != Accepted(release=release) or not self._as_written(chain, decision, ledger):
            return None
        after = self._told(chain, len(decision))
        after = replace(after, releases={**self.releases, release.key: release})
        return after._remembers(delivery, heard.answer)

    def _decides(self, command: Start | Command) -> tuple[str, Release | None, Decision]:
        if isinstance(command, Start):
            key = ReleaseKey(f"{command.service}-{len(self.releases) + 1}")
            return key, None, decide_start(command, self._start_facts(command))
        release = self.releases.get(command.release)
        if release is None:
            return command.release, None, unknown_release(command.release)
        version = command.version if isinstance(command, ChangeManifest) else ""
        return release.key, release, decide(release, command, self._facts(release, version))

    def _notes(self, command: OwnCommand, answer: Answer | Noted, ledger: Ledger) -> "Village | None":
        event = command.decide(self._directory(), MORNING)
        if isinstance(event, Refused):
            return self if event == answer else None
        chain = chain_of(self.workspace, command.by).key
        if not isinstance(answer, Noted) or not self._as_written(chain, [event], ledger):
            return None
        said = {**self.said, command.by: (*self.said.get(command.by, ()), event)}
        return replace(self._told(chain, 1), said=said)

    def _once_more(self, answer: Answer) -> Answer:
        if isinstance(answer, Refused):
            return answer
        return Accepted(release=self.releases[answer.release.key], again=True)

    def _as_written(self, chain: str, events: Sequence[Event | OwnEvent], ledger: Ledger) -> bool:
        begin = self.told.get(chain, 0)
        return list(ledger.get(chain, ())[begin : begin + len(events)]) == list(events)

    def _told(self, chain: str, count: int) -> "Village":
        return replace(self, told={**self.told, chain: self.told.get(chain, 0) + count})

    def _remembers(self, delivery: Delivery, answer: Answer) -> "Village":
        return replace(self, answers={**self.answers, delivery: answer})

    def _directory(self) -> Directory:
        return self.people.as_told({person: own_after(events) for person, events in self.said.items()})

    def _facts(self, release: Release, version: str = "") -> Facts:
        others = [other for other in self._newest_first() if other.key != release.key]
        completed = [other for other in self._newest_first() if other.state is State.COMPLETED]
        before = next((other for other in others if other.state is State.COMPLETED), None)
        return Facts(
            now=max(MORNING, release.at + timedelta(microseconds=1)),
            directory=self._directory(),
            neighbours=Neighbours(
                active=next((other.key for other in others if not other.state.ended), None),
                newest=next((other.key for other in completed), None),
                before=before.version if before else None,
                before_commit=before.manifest.commit if before else "",
                released_as=next((other.key for other in completed if other.version == version), None),
            ),
        )

    def _start_facts(self, command: Start) -> StartFacts:
        every = self._newest_first()
        locked = [r for r in every if r.state.ended and r.lock is not None]
        same = [r for r in every if r.state is State.COMPLETED and r.version == command.version]
        over = [r for r in every if r.state in (State.COMPLETED, State.ROLLED_BACK)][:WITHDRAWN_LIMIT]
        withdrawn = takewhile(lambda r: r.state is State.ROLLED_BACK, over)
        rolled_back = [r for r in every if r.state is State.ROLLED_BACK and r.version == command.version]
        return StartFacts(
            now=MORNING,
            services=(command.service,),
            kinds=(),
            runbook=self.runbook,
            trouble="",
            directory=self._directory(),
            signed=next((r.filed for r in every if r.signed), None),
            active=next((r.key for r in every if not r.state.ended), None),
            released_as=next((r.key for r in same), None),
            locked=next(map(locked_by, locked), None),
            earlier=next((Earlier(key=r.key, at=r.since, reason=r.ended_because) for r in rolled_back), None),
            number=len(every) + 1,
            in_production=next(
                ((r.version, r.manifest.commit) for r in every if r.state is State.COMPLETED), ("", "")
            ),
            withdrawn=tuple(map(withdrawn_with, withdrawn)),
        )

    def _newest_first(self) -> Sequence[Release]:
        return sorted(self.releases.values(), key=lambda r: int(r.key.rpartition("-")[2]), reverse=True)


def fits_one_order(before: Village, history: Sequence[Heard], ledger: Ledger) -> bool:
    """Tell whether the acts, one after the other in some order, give just these answers and these events."""
    written = {chain: len(events) for chain, events in ledger.items()}
    tried: set[tuple[frozenset[int], frozenset[tuple[str, int]]]] = set()

    def fits(now: Village, left: frozenset[int]) -> bool:
        # What was told is the beginning of what was written, so its length says how the releases stand.
        place = left, frozenset(now.told.items())
        if not left or place in tried:
            return not left and now.told == written
        tried.add(place)
        return any(fits(after, left - {index}) for index, after in following(now, left))

    def following(now: Village, left: frozenset[int]) -> Iterator[tuple[int, Village]]:
        first_answer = min(history[index].until for index in left)
        for index in sorted(left):
            # What was asked for after another answer was given comes after it.
            if history[index].since <= first_answer and (after := now.hears(history[index], ledger)):
                yield index, after

    return fits(before, frozenset(range(len(history))))


def in_words(history: Sequence[Heard], ledger: Ledger) -> str:
    """Say what was asked, answered and written, for whoever looks for the order that there is not."""
    first = min(heard.since for heard in history)
    said = [
        f"{(heard.since - first) * 1000:7.2f} to {(heard.until - first) * 1000:7.2f} ms"
        f"  {heard.asked.delivery}  {_named(heard.asked.command)}: {_answered(heard.answer)}"
        for heard in sorted(history, key=lambda heard: heard.since)
    ]
    kinds = [f"{c}: {', '.join(f'{type(e).__name__} {e.by}' for e in every)}" for c, every in ledger.items()]
    return "\n".join(["No order fits:", *said, *kinds])


def _named(command: Start | Command | OwnCommand) -> str:
    return f"{type(command).__name__} {getattr(command, 'release', '')} by {command.by}"


def _answered(answer: Answer | Noted) -> str:
    match answer:
        case Refused():
            return f"{answer.code}, {answer.because}"
        case Accepted():
            return f"yes, {answer.release.seq} events{' (again)' if answer.again else ''}"
        case Noted():
            return "yes"
