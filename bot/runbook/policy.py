"""Who may say go: what a newer runbook changes in that, and how those before it sign the change."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Final, Protocol, TypeVar

from bot.runbook.checks import Read
from bot.runbook.gates.conditions import CONDITIONS
from bot.runbook.gates.gate import SIGNING, CheckPassed, Gate, Need, Of, Seats, When
from bot.runbook.gates.ways import Way, empty_seat
from bot.runbook.model import ROLLBACK, Begin, Check, Review, Runbook, Stage
from bot.runbook.roles.role import Duties, Role, Rotation
from bot.runbook.values import duration

AS_BEFORE: Final = "{role} (as before)"
NOBODY: Final = "nobody"

Thing = TypeVar("Thing")


def signing(before: Runbook, after: Runbook) -> Runbook:
    """Return `after` with a gate at its beginning that asks one person of each role that `before` asked.

    The roles are bound as they were. Those left out could not sign: who is the starter or an author where
    duties are strict, before or now, and whose people are all asked in another role. Where nothing changed
    in who may say go, or nobody was asked before, it is `after` itself.
    """
    roles = _signing_roles(before, after)
    if not roles or not changes(before, after):
        return after
    seats = tuple(Seats(role=role.name, count=1) for role in roles)
    gate = Gate(name=SIGNING, needs=seats[0] if len(seats) == 1 else Of(parts=seats))
    first, *others = after.stages
    stage = first.model_copy(update={"gates": (gate, *first.gates)})
    # It is of no file, so nothing bounds its roles and gates.
    return after.model_copy(update={"roles": (*after.roles, *roles), "stages": (stage, *others)})


def _signing_roles(before: Runbook, after: Runbook) -> tuple[Role, ...]:
    asked = dict.fromkeys(_asked(before))
    roles: dict[str, Role] = {}
    for role in map(before.role, asked):
        if Duties.STRICT in (before.duties, after.duties) and (role.starter or role.authors):
            continue
        name = AS_BEFORE.format(role=role.name)
        with_it = {**roles, name: role.model_copy(update={"name": name})}
        if empty_seat(Way(seats=tuple(with_it)), with_it) is None:
            roles = with_it
    return tuple(roles.values())


def _asked(runbook: Runbook) -> Iterator[str]:
    """Return the roles that the gates of a runbook ask for an approval, or for the report of a check."""
    reporter = {check.name: check.by for check in runbook.checks}
    for stage in (*runbook.stages, runbook.way_back):
        for gate in stage.gates:
            yield from (*gate.roles, *filter(None, (reporter[check] for check in gate.checks)))


def changes(before: Runbook, after: Runbook) -> tuple[str, ...]:
    """Say in plain sentences what is different in who may say go; nothing where all of that is the same."""
    return (
        *_change("Separation of duties", before.duties, after.duties, str),
        *_of_roles(before.roles, after.roles),
        *_change("Who may lead", before.lead, after.lead, lambda role: role or "any full member"),
        *_change("Who may override", before.overrides, after.overrides, lambda role: role or NOBODY),
        *_change("The review", before.review, after.review, _review),
        *_of_checks(before.checks, after.checks),
        *_of_stages((*before.stages, before.way_back), (*after.stages, after.way_back)),
    )


def _change(what: str, before: Thing, after: Thing, said: Callable[[Thing], str]) -> Iterator[str]:
    if before == after:
        return
    was, now = said(before), said(after)
    yield f"{what}: {now}; before, {was}." if now != was else f"{what}: {now}, but not as before."


def _of_roles(before: Iterable[Role], after: Iterable[Role]) -> Iterator[str]:
    gone, new, kept = _compared(before, after)
    yield from (f"The role {role.name} is new: {_people(role)}." for role in new)
    yield from (f"The role {role.name} is gone; it was {_people(role)}." for role in gone)
    for was, now in kept:
        yield from _change(f"The role {now.name}", was, now, _people)


def _of_checks(before: Iterable[Check], after: Iterable[Check]) -> Iterator[str]:
    gone, new, kept = _compared(before, after)
    yield from (f"The check {check.name} is new: {_teller(check)} reports it." for check in new)
    yield from (f"The check {check.name} is gone; {_teller(check)} reported it." for check in gone)
    for was, now in kept:
        yield from _change(f"Who reports the check {now.name}", _reporters(was), _reporters(now), str)
        yield from _change(f"Where the check {now.name} is read", was.read, now.read, _read)
        yield from _change(f"How often the check {now.name} is read", was.every, now.every, duration)
        yield from _change(f"How long the check {now.name} counts", was.fresh, now.fresh, _length)
        yield from _change(f"How long the check {now.name} soaks", was.soak, now.soak, _soak)


def _teller(check: Check) -> str:
    """Return who says how a check went; Rollcall comes first where it reads it."""
    read = f"Rollcall ({check.read.text})" if check.read else ""
    return " or ".join(filter(None, (read, check.by and _reporters(check))))


def _reporters(check: Check) -> str:
    return f"everybody in {check.by}" if check.each else check.by or NOBODY


def _read(read: Read | None) -> str:
    return read.text if read else "nowhere"


def _soak(soak: timedelta | None) -> str:
    return duration(soak) if soak else "not at all"


def _of_stages(before: Sequence[Stage], after: Sequence[Stage]) -> Iterator[str]:
    gone, new, kept = _compared(before, after)
    for stage in new:
        yield f"The stage {stage.name} is new."
        yield from _of_gates(stage.name, (), stage.gates)
    yield from (f"The stage {stage.name} is gone, with its gates." for stage in gone)
    there = [stage.name for stage, _ in kept if stage.name != ROLLBACK]
    order = [stage.name for stage in before if stage.name in there]
    yield from _change("The order of the stages", order, there, ", ".join)
    for was, now in kept:
        # The way back goes where production is, so that its environment is no change of its own.
        if now.name != ROLLBACK:
            yield from _change(f"The environment of {now.name}", was.where, now.where, str)
        yield from _change(f"The go for {now.name}", _go(was), _go(now), str)
        yield from _of_gates(now.name, was.gates, now.gates)


def _go(stage: Stage) -> str:
    whose = f"from the captain or {stage.owner}" if stage.begin is Begin.CAPTAIN else "not asked"
    return f"{whose}, and it {'changes' if stage.production else 'leaves'} production"


def _of_gates(stage: str, before: Iterable[Gate], after: Iterable[Gate]) -> Iterator[str]:
    gone, new, kept = _compared(before, after)
    yield from (f"The gate {gate.name} of {stage} is new: {said(gate.needs)}." for gate in new)
    yield from (f"The gate {gate.name} of {stage} is gone; it needed {said(gate.needs)}." for gate in gone)
    for was, now in kept:
        gate = f"the gate {now.name} of {stage}"
        yield from _change(f"Needed at {gate}", was.needs, now.needs, said)
        yield from _change(f"Asked at {gate}", was.when, now.when, _releases)
        yield from _change(f"How long an approval counts at {gate}", was.expires, now.expires, _length)


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Part = TypeVar("Part", bound=_Named)


def _compared(
    before: Iterable[Part], after: Iterable[Part]
) -> tuple[list[Part], list[Part], list[tuple[Part, Part]]]:
    """Return the parts that are gone, those that are new, and those that were there and are."""
    was, now = {part.name: part for part in before}, {part.name: part for part in after}
    gone = [part for name, part in was.items() if name not in now]
    new = [part for name, part in now.items() if name not in was]
    return gone, new, [(was[name], part) for name, part in now.items() if name in was]


def said(need: Need) -> str:
    """Say what a need asks, such as `1 qa and 2 security`."""
    match need:
        case Seats():
            return f"{need.count} {need.role}"
        case CheckPassed():
            return f"the check {need.check}"
        case Of():
            return _choice(need) + (f" for {_releases(need.when)}" if need.when else "")


def _choice(need: Of) -> str:
    parts = [
        f"({said(part)})" if isinstance(part, Of) and len(part.parts) > 1 else said(part)
        for part in need.parts
    ]
    match need.count:
        case None:
            return " and ".join(parts)
        case 1:
            return " or ".join(parts)
        case count:
            return f"{count} of: {', '.join(parts)}"


def _releases(when: When | None) -> str:
    if when is None:
        return "every release"
    given = {key: getattr(when, key) for key in CONDITIONS if getattr(when, key)}
    return "releases with " + " and ".join(f"{key} {' or '.join(values)}" for key, values in given.items())


def _people(role: Role) -> str:
    match role:
        case Role(group=str() as group):
            people = f"the group {group}"
        case Role(rotation=Rotation() as rotation):
            people = f"in turns {', '.join(rotation.everybody)}"
        case Role(codeowners=str()):
            people = "the owners of the changed paths"
        case Role(first_of=(_, *_)):
            people = f"the first there of {', '.join(role.first_of)}"
        case _:
            people = ", ".join(role.users) or next(
                f"the {who}" for who in ("starter", "authors", "reviewers") if getattr(role, who)
            )
    return " and ".join((people, *(f"each {standing} of it" for standing in role.admits)))


def _review(review: Review) -> str:
    after = "every release" if review.always else "an override"
    return f"{review.count} {review.role or 'people'} within {duration(review.within)} after {after}"


def _length(expires: timedelta | None) -> str:
    return duration(expires) if expires else "to the end"
