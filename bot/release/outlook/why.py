"""Why a release waits: the rule, the facts with their ages, and the fewest acts that would move it on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.release.gates.result import GateResult, SetAside, gate_results
from bot.release.ids import UserId
from bot.release.people.duties import there
from bot.release.release import Release
from bot.release.waiting import Awaited, Waiting, waiting_on

RULES: Final[Mapping[Awaited, str]] = {
    Awaited.APPROVAL: "a stage begins when every gate before it is passed, each seat by another person",
    Awaited.PEOPLE: "seats are filled and checks reported by people in a role, and there are too few of them",
    Awaited.CHECK: "a check that has not passed, or is not known, counts as no",
    Awaited.READING: "a check that Rollcall reads itself counts only once it passes there",
    Awaited.SOAK: "a check that must soak counts once it has passed for so long without a break",
    Awaited.REJECTION: "a rejection blocks until its giver takes it back or the captain settles it",
    Awaited.GO: "this stage begins with the go of the captain or of its owners",
    Awaited.STEP: "the steps of a stage are done in order",
    Awaited.RUN: "a step that is run is done when its run has passed",
    Awaited.HELD_UP: "no run begins while an older one of its service may still be under way",
    Awaited.CHOICE: "after a step has failed, a person chooses what follows",
    Awaited.HOLD: "nothing moves forward while a hold is open",
    Awaited.QUESTION: "nothing moves forward while a hold is open, and its time has come",
    Awaited.CAPTAIN: "a release is led by somebody who is there",
    Awaited.REVIEW: "a release is reviewed where a gate was overridden, or its runbook asks for it",
    Awaited.LOCK: "a service stays locked after a rollback until somebody says what was mended",
}
"""What makes a release wait for each kind of thing."""


class Deed(StrEnum):
    """The kinds of acts that move a release on."""

    APPROVE = "approve"
    FIND_PEOPLE = "find people"
    REPORT = "report"
    MEND = "mend"
    SOAK = "soak"
    WITHDRAW = "withdraw"
    BEGIN = "begin"
    FINISH = "finish"
    AWAIT = "await"
    END_RUN = "end a run"
    CHOOSE = "choose"
    LIFT = "lift"
    LEAD = "lead"
    SIGN = "sign"
    UNLOCK = "unlock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that one of `on` does, or `count` of them; `name` is the gate, check, step or reason."""

    deed: Deed
    name: str
    on: tuple[UserId, ...]
    role: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Everything that keeps a release, and the fewest acts that would let it move on.

    `set_aside` has the answers that do not count; `override` who could pass a gate without it being met.
    """

    waiting: tuple[Waiting, ...]
    acts: tuple[Act, ...]
    set_aside: tuple[SetAside, ...]
    override: tuple[UserId, ...]


DEEDS: Final[Mapping[Awaited, Deed]] = {
    Awaited.APPROVAL: Deed.APPROVE,
    Awaited.PEOPLE: Deed.FIND_PEOPLE,
    Awaited.CHECK: Deed.REPORT,
    Awaited.READING: Deed.MEND,
    Awaited.SOAK: Deed.SOAK,
    Awaited.REJECTION: Deed.WITHDRAW,
    Awaited.GO: Deed.BEGIN,
    Awaited.STEP: Deed.FINISH,
    Awaited.RUN: Deed.AWAIT,
    Awaited.HELD_UP: Deed.END_RUN,
    Awaited.CHOICE: Deed.CHOOSE,
    Awaited.HOLD: Deed.LIFT,
    Awaited.QUESTION: Deed.LIFT,
    Awaited.CAPTAIN: Deed.LEAD,
    Awaited.REVIEW: Deed.SIGN,
    Awaited.LOCK: Deed.UNLOCK,
}
"""The act that ends each kind of waiting."""
ASIDE: Final = frozenset({Awaited.REVIEW, Awaited.LOCK, Awaited.CAPTAIN})
"""What is waited for without keeping an open release back."""
NUMBERED: Final = frozenset({Awaited.HOLD, Awaited.QUESTION})


def why(release: Release) -> Why:
    """Return why a release waits, and what would move it on."""
    waiting = waiting_on(release)
    results = gate_results(release) if release.open_gates else ()
    blocked = any(not result.status.passes for result in results)
    entitled = there(release, release.members.get(release.runbook.overrides or "", ()))
    return Why(
        waiting=waiting,
        acts=tuple(_acts(release, waiting, results)),
        set_aside=tuple(aside for result in results for aside in result.set_aside),
        override=entitled if blocked else (),
    )


def _acts(release: Release, waiting: Sequence[Waiting], results: Iterable[GateResult]) -> Iterable[Act]:
    """Return an act for each thing that keeps the release: every one of them is needed, and no other."""
    keeping = [one for one in waiting if release.state.ended or one.kind not in ASIDE]
    if any(release.leavers.keys() >= {*one.on} for one in keeping):
        keeping += [one for one in waiting if one.kind is Awaited.CAPTAIN]
    for one in keeping:
        if one.kind is not Awaited.APPROVAL:
            yield act_on(one)
    for result in results:
        if not result.status.passes:
            yield from _approvals(result)


def _approvals(result: GateResult) -> Iterable[Act]:
    """Return the approvals on the shortest way, where the gate may be waited for on several."""
    for one in result.fewest:
        yield Act(deed=Deed.APPROVE, name=result.gate.name, on=one.of, role=one.role, count=one.count)


def act_on(one: Waiting) -> Act:
    """Return the act that ends one thing for which a release waits."""
    return Act(
        deed=DEEDS[one.kind],
        name=one.name,
        on=one.on,
        role=one.role,
        count=1 if one.kind in NUMBERED else one.count,
    )
