"""Who may fill a seat of a gate, and in which roles: on their own account, or in somebody's stead."""

from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass

from bot.release.ids import UserId
from bot.release.people.duties import barred
from bot.release.release import Members, Release, Verdict, Vote
from bot.runbook.gates.gate import Gate

NOTHING = frozenset[str]()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """The roles in which a person may fill a seat; those that are lent belong to `behalf`, who is away."""

    own: frozenset[str] = NOTHING
    lent: frozenset[str] = NOTHING
    behalf: UserId | None = None

    @property
    def roles(self) -> frozenset[str]:
        """All of them."""
        return self.own | self.lent


def may_fill(release: Release, gate: Gate, stage: int) -> Mapping[UserId, Capacity]:
    """Return everybody who may fill a seat of a gate of the stage with the index `stage`, and how."""
    own = own_roles(release, gate, release.members_at(stage))
    said = [vote for vote in release.votes if (vote.stage, vote.gate) == (stage, gate.name)]
    approvals = {vote.by: vote for vote in said if vote.verdict is Verdict.APPROVED}
    others = [vote.by for vote in said if vote.by not in approvals]
    return eligible(release, gate, own, heard(counting(approvals, own, barred(release, gate.name)), others))


def heard(counted: Mapping[UserId, Capacity], others: Iterable[UserId]) -> Mapping[UserId | None, UserId]:
    """Return whose word a gate has, each with who gave it: they themselves, or a deputy.

    `others` are those who have said something else than a go.
    """
    lent = {it.behalf: by for by, it in counted.items()}
    return {**lent, **{by: by for by, it in counted.items() if it.own}, **{by: by for by in others}}


def eligible(
    release: Release, gate: Gate, own: Mapping[UserId, frozenset[str]], heard: Mapping[UserId | None, UserId]
) -> Mapping[UserId, Capacity]:
    """Return the same, from the roles that people have on their own account, and whose word is given.

    A deputy acts for one of those who are away: the first whose word nobody else has given.
    """
    capacities = {person: Capacity(own=roles) for person, roles in own.items()}
    kept_out = barred(release, gate.name)
    for person, away in release.deputies.items():
        before = capacities.get(away.deputy, Capacity())
        if heard.get(person, away.deputy) != away.deputy or before.behalf is not None:
            continue
        if person in own and away.deputy not in kept_out:
            lent = own[person] - before.own
            capacities[away.deputy] = Capacity(own=before.own, lent=lent, behalf=person if lent else None)
    return capacities


def own_roles(release: Release, gate: Gate, members: Members) -> dict[UserId, frozenset[str]]:
    """Return who is in which roles of a gate; where duties are separated, neither starter nor authors."""
    kept_out = barred(release, gate.name)
    roles: dict[UserId, set[str]] = {}
    for role in gate.roles:
        for person in members.get(role, ()):
            if person not in kept_out:
                roles.setdefault(person, set()).add(role)
    return {person: frozenset(those) for person, those in roles.items()}


def counting(
    votes: Mapping[UserId, Vote], own: Mapping[UserId, frozenset[str]], kept_out: Container[UserId]
) -> Mapping[UserId, Capacity]:
    """Return the roles in which each approval counts: those of its moment that still hold.

    A role that was lent holds while its owner is in it, and neither the owner has approved in person, nor
    another in the owner's stead before.
    """
    counted = {
        by: Capacity(own=own.get(by, NOTHING) & (frozenset(vote.roles) - frozenset(vote.lent)))
        for by, vote in votes.items()
    }
    heard = {by for by, it in counted.items() if it.own}
    for by, vote in votes.items():
        if vote.behalf is not None and vote.behalf not in heard and by not in kept_out:
            lent = own.get(vote.behalf, NOTHING) & frozenset(vote.lent)
            if lent:
                counted[by] = Capacity(own=counted[by].own, lent=lent, behalf=vote.behalf)
                heard.add(vote.behalf)
    return counted


def roles_counted(release: Release, gate: Gate, said: Vote) -> frozenset[str]:
    """Return the roles in which something that was said at a gate counts."""
    own = own_roles(release, gate, release.members_at(said.stage))
    place = (said.stage, said.gate, said.verdict)
    alike = {vote.by: vote for vote in release.votes if (vote.stage, vote.gate, vote.verdict) == place}
    return counting(alike, own, barred(release, gate.name))[said.by].roles


def left_to_ask(
    may: Mapping[UserId, Capacity], counted: Mapping[UserId, Capacity], silent: Collection[UserId]
) -> Mapping[UserId, frozenset[str]]:
    """Return whose approval could help, and in which roles: of somebody away and the deputy, one counts."""
    spoken_for = {it.behalf for it in counted.values() if it.lent and not it.own}
    heard = {person for person, it in counted.items() if it.roles}
    return {
        person: it.roles
        for person, it in may.items()
        if person not in heard and person not in silent and person not in spoken_for
    }


def one_for_two(people: Mapping[UserId, Capacity]) -> Mapping[UserId, frozenset[str]]:
    """Return in which roles people could fill seats together: of somebody away and the deputy, one does."""
    return {person: it.own if it.behalf in people else it.roles for person, it in people.items()}
