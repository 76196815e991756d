"""How a gate stands: each seat and who fills it, who said no, and whose word was set aside and why."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from bot.release.gates.applies import applies
from bot.release.gates.eligible import Capacity, eligible, heard, left_to_ask
from bot.release.gates.seating import Chosen, Roles, Tried, Weighed, choose, weigh
from bot.release.gates.tree import GateStatus, Node, Seat, Tree
from bot.release.ids import UserId
from bot.release.people.duties import kept_apart
from bot.release.release import Release, Verdict, Vote
from bot.release.remembered import remembered
from bot.runbook.gates.gate import Gate
from bot.runbook.gates.seats import helping_roles
from bot.runbook.roles.role import Duties


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A vote that does not count, and why."""

    vote: Vote
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSeats:
    """The seats of one role that nobody fills, and the people who have not answered and could fill them.

    `missing` is how many of the seats stay empty even if everybody who may approves.
    """

    role: str
    count: int
    missing: int
    asked: tuple[UserId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """As many approvals in one role as are needed, and the people any of whom could give them."""

    role: str
    count: int
    of: tuple[UserId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """How one gate stands, and from what that follows.

    `open` has the seats that are missing on the shortest way to meet it, and `checks` the checks, of which
    nobody can report those that are `unreportable`; `fewest`
    are the approvals that would fill those seats, whoever of their people gives them. `others` are the
    people who could help on another way, and `choice` the roles that are open on some way, where there are
    several. `warned` has the votes that count though the runbook keeps their givers apart, and why.
    """

    gate: Gate
    status: GateStatus
    root: Node
    open: tuple[OpenSeats, ...]
    fewest: tuple[Approvals, ...]
    others: tuple[UserId, ...]
    choice: tuple[str, ...]
    checks: tuple[str, ...]
    unreportable: tuple[str, ...]
    rejections: tuple[Vote, ...]
    abstained: tuple[Vote, ...]
    set_aside: tuple[SetAside, ...]
    warned: tuple[SetAside, ...]

    @property
    def seats(self) -> tuple[Seat, ...]:
        """All its seats, in order."""
        return tuple(self.root.leaves())

    @property
    def asked(self) -> tuple[UserId, ...]:
        """Everybody whose approval would help."""
        return tuple(dict.fromkeys([*(p for seats in self.open for p in seats.asked), *self.others]))


def gate_results(release: Release) -> tuple[GateResult, ...]:
    """Return how each gate of the current stage stands."""
    return tuple(gate_result(release, gate, release.stage) for gate in release.current.gates)


def gates_met(release: Release) -> bool:
    """Return whether the current stage may begin, as far as its gates go."""
    return all(gate_status(release, gate, release.stage).passes for gate in release.current.gates)


def gate_status(release: Release, gate: Gate, stage: int) -> GateStatus:
    """Return how one gate of the stage with the index `stage` stands, and nothing more."""
    return passed_over(release, gate, stage) or _status(weigh(release, gate, stage))


def passed_over(release: Release, gate: Gate, stage: int) -> GateStatus | None:
    """Return how a gate stands that nobody is asked at any more, whatever was approved; of others None.

    A gate that is not needed any more still stops what somebody has said no to.
    """
    if (stage, gate.name) in release.overridden:
        return GateStatus.OVERRIDDEN
    refused = (vote for vote in release.votes if vote.verdict is Verdict.REJECTED)
    if applies(gate.when, release, stage) or (stage, gate.name) in ((no.stage, no.gate) for no in refused):
        return None
    return GateStatus.NOT_NEEDED


@remembered
def gate_result(release: Release, gate: Gate, stage: int) -> GateResult:
    """Return how one gate of the stage with the index `stage` stands, and from what that follows."""
    weighed = weigh(release, gate, stage)
    said, counted = weighed.said, weighed.counted
    # Whose word counts is not asked again; an approval that counts no more is as good as none. A no keeps
    # its weight when its giver leaves the role: nothing is let through by a change of group.
    silent = {vote.by for vote in (*said[Verdict.REJECTED], *said[Verdict.ABSTAINED])}
    may = eligible(release, gate, weighed.own, heard(weighed.capacities, silent))
    chosen = choose(weighed, may)
    left = left_to_ask(may, weighed.capacities, silent)
    open_seats = tuple(_open_seats(chosen, counted, left))
    root = Tree(release, stage, weighed, chosen.best).node(gate.needs)
    result = GateResult(
        gate=gate,
        status=passed_over(release, gate, stage) or _status(weighed),
        root=root,
        open=open_seats,
        fewest=tuple(_fewest(chosen, weighed, may, left)),
        others=_others(weighed, chosen.best, left, open_seats),
        choice=_choice(weighed),
        checks=chosen.best.checks,
        unreportable=chosen.best.unreportable,
        rejections=tuple(said[Verdict.REJECTED]),
        abstained=tuple(said[Verdict.ABSTAINED]),
        set_aside=(*_set_aside(weighed, root), *_voided(release, gate, stage)),
        warned=tuple(_warned(release, weighed, chosen.best)),
    )
    if applies(gate.when, release, stage):
        return result
    return replace(result, open=(), fewest=(), others=(), choice=(), checks=(), unreportable=())


def _status(weighed: Weighed) -> GateStatus:
    if weighed.said[Verdict.REJECTED]:
        return GateStatus.REJECTED
    return GateStatus.MET if weighed.met else GateStatus.WAITING


def _open_seats(chosen: Chosen, counted: Roles, left: Roles) -> Iterable[OpenSeats]:
    one = chosen.best
    empty, missing = Counter(one.empty), _spread(chosen)
    for role, count in empty.items():
        helping = helping_roles(role, one.way.seats, one.sitting, counted)
        asked = tuple(person for person, roles in left.items() if roles & helping)
        yield OpenSeats(role=role, count=count, missing=missing[role], asked=asked)


def _fewest(
    chosen: Chosen, weighed: Weighed, may: Mapping[UserId, Capacity], left: Roles
) -> Iterable[Approvals]:
    """Return the approvals by which those who have not answered come to sit where they would sit."""
    places = zip(chosen.best.way.seats, chosen.full, strict=True)
    new = Counter(role for role, person in places if person is not None and not weighed.counted.get(person))
    rejecters = [vote.by for vote in weighed.said[Verdict.REJECTED]]
    stood_in_for = _stood_in_for(chosen, weighed)
    for role, count in new.items():
        people = [person for person, roles in left.items() if role in roles]
        if len(people) < count:
            people += [person for person in rejecters if person in may and role in may[person].roles]
        # Of somebody away and the deputy one counts, so the one who is there is named.
        lending = {may[person].behalf for person in people if role in may[person].lent}
        spoken_for = stood_in_for | lending
        yield Approvals(role=role, count=count, of=tuple(p for p in people if p not in spoken_for))


def _stood_in_for(chosen: Chosen, weighed: Weighed) -> set[UserId | None]:
    """Return in whose stead somebody sits who has approved, and who would lose that seat to them."""
    places = zip(chosen.best.way.seats, chosen.full, strict=True)
    sitting = {person: role for role, person in places}
    return {it.behalf for person, it in weighed.capacities.items() if sitting.get(person) in it.lent}


def _spread(chosen: Chosen) -> Counter[str]:
    """Return how many of the open seats of each role stay empty; if others move, it may be another role."""
    empty = Counter(chosen.best.empty)
    here = empty & Counter(chosen.missing)
    return here + Counter(islice((empty - here).elements(), len(chosen.missing) - here.total()))


def _others(weighed: Weighed, best: Tried, left: Roles, opened: Sequence[OpenSeats]) -> tuple[UserId, ...]:
    """Return who could help to meet the gate in another way than the one that is shown."""
    if not best.short:
        return ()
    asked = {person for seats in opened for person in seats.asked}
    every = (Chosen(best=one, full=one.sitting) for one in weighed.tried)
    rest = (seats.asked for one in every for seats in _open_seats(one, weighed.counted, left))
    return tuple(dict.fromkeys(person for people in rest for person in people if person not in asked))


def _choice(weighed: Weighed) -> tuple[str, ...]:
    if len(weighed.tried) < 2:
        return ()
    return tuple(dict.fromkeys(role for one in weighed.tried for role in one.empty))


def _set_aside(weighed: Weighed, root: Node) -> Iterable[SetAside]:
    sitting = {seat.filled.by for seat in root.leaves() if seat.filled is not None}
    for vote in weighed.approvals.values():
        if vote.by not in sitting:
            yield SetAside(vote=vote, because=_why_not(vote, weighed))


def _why_not(vote: Vote, weighed: Weighed) -> str:
    counted = weighed.counted
    if counted[vote.by]:
        return "every seat of their role is filled already"
    if vote.behalf is not None and counted.get(vote.behalf):
        return "the person for whom they stood in has answered"
    if vote.behalf is not None and any(it.behalf == vote.behalf for it in weighed.capacities.values()):
        return "another has answered for the person for whom they stood in"
    return "they are no longer in a role that this gate asks"


def _voided(release: Release, gate: Gate, stage: int) -> Iterable[SetAside]:
    for past in release.voided:
        vote = past.vote
        if (vote.stage, vote.gate) == (stage, gate.name) and not release.vote(stage, gate.name, vote.by):
            yield SetAside(vote=vote, because=past.because)


def _warned(release: Release, weighed: Weighed, best: Tried) -> Iterable[SetAside]:
    if release.runbook.duties is Duties.WARN:
        apart = kept_apart(release)
        for person in best.sitting:
            if person is not None and person in apart:
                yield SetAside(vote=weighed.approvals[person], because=f"they {apart[person]}")
