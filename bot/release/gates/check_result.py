"""How a check stands at the gates of a stage, and who is asked to report it."""

from dataclasses import dataclass
from typing import assert_never

from bot.release.gates.checks import Outcome, Report, is_read
from bot.release.ids import UserId
from bot.release.people.duties import there
from bot.release.release import Release
from bot.release.remembered import remembered
from bot.runbook.model import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """How a check stands at the gates of a stage.

    `outcome` is None where nothing is known of it. `said` is what was said or read last: by each, where
    everybody in a role reports it, and the newest at the end. `asked` are those who are to report it: all of
    them then, or any. `says` follows its name.
    """

    rule: Check
    outcome: Outcome | None
    said: tuple[Report, ...]
    asked: tuple[UserId, ...]
    says: str

    @property
    def counts(self) -> bool:
        """Whether it keeps nothing back: what is not known has not passed, and what soaks not for long."""
        return self.outcome is Outcome.PASSED and self.said[-1].soaks is None

    @property
    def noes(self) -> tuple[Report, ...]:
        """What was said or read otherwise than that it passed."""
        return tuple(one for one in self.said if not one.passed)

    @property
    def read_last(self) -> bool:
        """Whether Rollcall reads it, and nobody has reported it by hand since."""
        return self.rule.read is not None and all(one.was_read for one in self.said)


@remembered
def check_result(release: Release, check: str, stage: int) -> CheckResult:
    """Return how a check stands at the gates of a stage: as it was when that began, once it has.

    What everybody in a role reports has passed when all who are in it say so, and has failed as soon as one
    does. A no keeps its weight when its giver leaves the role: nothing is let through by a change of people.
    """
    rule, said = release.runbook.check(check), release.reports_at(stage).get(check, ())
    outcome = said[-1].outcome if said else None
    role: tuple[UserId, ...] = ()
    if rule.each and rule.by:
        role = release.members_at(stage).get(rule.by, ())
        said = tuple(one for one in said if one.by in role or not one.passed)
        outcome = _of_all(role, said)
    return CheckResult(
        rule=rule,
        outcome=outcome,
        said=said,
        asked=_asked(release, rule, said, stage),
        says=_of_several(role, said) if rule.each and said else _says(rule, outcome, said),
    )


def _of_all(role: tuple[UserId, ...], said: tuple[Report, ...]) -> Outcome | None:
    if not said:
        return None
    if not all(one.passed for one in said):
        return Outcome.FAILED
    return Outcome.PASSED if role and len(said) == len(role) else Outcome.PENDING


def yet_to_report(release: Release, rule: Check, said: tuple[Report, ...]) -> tuple[UserId, ...]:
    """Return who may say that a check has passed: of what everybody reports, those who have not said so."""
    passed = {one.by for one in said if one.passed}
    if not rule.each:
        return () if passed else release.reporters(rule.name)
    waiting = (person for person in release.reporters(rule.name) if person not in passed)
    contrary = there(release, (one.by for one in said if not one.passed))
    return tuple(dict.fromkeys((*waiting, *contrary)))


def _asked(release: Release, rule: Check, said: tuple[Report, ...], stage: int) -> tuple[UserId, ...]:
    """Return who is asked to report a check: nobody while Rollcall reads it, or at a gate that is over."""
    over = release.state.ended or stage != release.stage or stage in release.began
    return () if over or is_read(release, rule) else yet_to_report(release, rule, said)


def _of_several(role: tuple[UserId, ...], said: tuple[Report, ...]) -> str:
    failed = sum(not one.passed for one in said)
    everybody = {*role, *(one.by for one in said)}
    return f"{'failed' if failed else 'passed'} for {failed or len(said)} of {len(everybody)}"


def _says(rule: Check, outcome: Outcome | None, said: tuple[Report, ...]) -> str:
    match outcome:
        case None:
            return "has not been read yet" if rule.read else "has not been reported"
        case Outcome.PASSED:
            return "passes, but not for long enough yet" if said[-1].soaks else "passed"
        case Outcome.FAILED:
            return "failed"
        case Outcome.PENDING:
            return "is not done yet"
        case Outcome.UNKNOWN:
            return "cannot be read"
        case _:
            assert_never(outcome)
