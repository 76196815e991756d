"""Who may do what: those who lead the release, those who own its stage, and who is kept apart from whom."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from bot.release.ids import UserId
from bot.release.refusal import Code, Refused
from bot.release.release import Release
from bot.runbook.gates.gate import SIGNING
from bot.runbook.roles.role import Duties


class Circle(StrEnum):
    """A circle of people with a right."""

    LEAD = "the captain or deputy"
    OWNERS = "the owners of the stage"
    ROLLBACK = "the owners of the rollback"
    STARTER = "whoever started it"


class Apart(StrEnum):
    """What keeps somebody from approving, in words that follow the person."""

    STARTED = "started the release"
    WROTE = "wrote some of the changes"


def leads(release: Release) -> tuple[UserId, ...]:
    """Return who leads the release: the captain, and the deputy if one was named."""
    return (release.captain,) if release.deputy is None else (release.captain, release.deputy)


def people_of(release: Release, *circles: Circle) -> tuple[UserId, ...]:
    """Return the people of some circles, each once."""
    return tuple(dict.fromkeys(person for circle in circles for person in _people(release, circle)))


def not_yours(release: Release, by: UserId, what: str, *circles: Circle) -> Refused | None:
    """Refuse somebody who is in none of the circles; `what` is what they may do, as a gerund."""
    may = people_of(release, *circles)
    if by in may:
        return None
    return Refused(code=Code.NOT_YOURS, because=f"{what} is for {', or '.join(circles)}.", ask=may)


def heirs_of(release: Release) -> tuple[UserId, ...]:
    """Return who may take the lead when the captain has gone: of the role that leads, if it is not empty.

    Guests own a stage where the runbook says so, and lead nothing.
    """
    return tuple(person for person in there(release, _next(release)) if person not in release.guests)


def _next(release: Release) -> tuple[UserId, ...]:
    if leading := release.members.get(release.runbook.lead or "", ()):
        return leading
    deputy = () if release.deputy is None else (release.deputy,)
    rest = people_of(release, Circle.OWNERS, Circle.ROLLBACK, Circle.STARTER)
    return (*deputy, *rest)


def leaders(release: Release) -> tuple[UserId, ...] | None:
    """Return who may be captain by the runbook: the role that leads, or None where any full member may.

    Where nobody is in that role, the heirs of a captain may.
    """
    role = release.runbook.lead
    return None if role is None else release.members.get(role, ()) or heirs_of(release)


def there(release: Release, people: Iterable[UserId]) -> tuple[UserId, ...]:
    """Return those of some people who have not gone, each once."""
    return tuple(person for person in dict.fromkeys(people) if person not in release.leavers)


def first_there(release: Release, *circles: Circle) -> tuple[UserId, ...]:
    """Return who is there of the first circle in which somebody is, or all of the first one."""
    found = (there(release, people_of(release, circle)) for circle in circles)
    return next(filter(None, found), people_of(release, circles[0]))


def all_there(release: Release, *circles: Circle) -> tuple[UserId, ...]:
    """Return who is there of some circles, or all of them where nobody is."""
    people = people_of(release, *circles)
    return there(release, people) or people


def kept_apart(release: Release) -> Mapping[UserId, Apart]:
    """Return who fills no approving seat while duties are separated, and why."""
    authors = dict.fromkeys(release.manifest.authors, Apart.WROTE)
    return {**authors, release.starter: Apart.STARTED}


def barred(release: Release, gate: str) -> Mapping[UserId, Apart]:
    """Return who fills no seat of a gate: nobody, where the runbook says only to warn.

    Whether people are kept apart who sign a change in who may say go is not for the changed runbook alone.
    """
    duties = {release.runbook.duties, release.duties_before if gate == SIGNING else release.runbook.duties}
    return kept_apart(release) if Duties.STRICT in duties else {}


def _people(release: Release, circle: Circle) -> tuple[UserId, ...]:
    match circle:
        case Circle.LEAD:
            return leads(release)
        case Circle.OWNERS:
            return release.owners
        case Circle.ROLLBACK:
            return release.members.get(release.runbook.way_back.owner, ())
        case Circle.STARTER:
            return (release.starter,)
