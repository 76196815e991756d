"""The messages of what sets a release back: a rejection, a failed step, the way back and its announcement.

Each is new, so that the people who lead the release are told; it stays, and says in the end what came of it.
"""

from collections.abc import Iterable

from bot.release.gates.result import gate_status
from bot.release.gates.tree import GateStatus
from bot.release.ids import ROLLCALL, UserId
from bot.release.people.duties import Circle, all_there, leads
from bot.release.release import Ending, Rejection, Release
from bot.release.stages.failure import Failure
from bot.release.stages.going_back import GoingBack
from bot.release.stages.rollback import RollbackBegan
from bot.release.state import State
from bot.slack.buttons import Action, Target
from bot.slack.messages.message import Message, entry
from bot.slack.messages.stage import step_buttons, ways_on
from bot.slack.writing.blocks import Block, actions, button
from bot.slack.writing.text import escape, moment, people, person, quoted
from bot.slack.writing.words import ended_by, mention


def setbacks(release: Release) -> Iterable[Message]:
    """Return a message for each rejection and failure there was, and for each rollback that was announced."""
    for number, no in enumerate(release.rejections):
        place = no.vote.stage, no.vote.gate
        buttons = [settle_button(release, *place)] if _blocks(release, no) else []
        yield entry(release, f"rejection:{number}", no.vote.at, _rejection(release, no), buttons)
    for number, failure in enumerate(release.failures):
        buttons = [*step_buttons(release, failure.stage)] if failure.ended is None else []
        yield entry(release, f"failure:{number}", failure.at, _failure(release, failure), buttons)
    for number, plan in enumerate(release.plans):
        buttons = [_veto_button(release)] if plan == release.plan else []
        lines = _going_back(release, plan)
        yield entry(release, f"going-back:{number}", plan.at, lines, buttons, broadcast=True)


def taken_back(release: Release) -> Iterable[Message]:
    """Return the message of the rollback, if it has begun."""
    if began := release.taken_back:
        yield entry(release, "taken-back", began.at, _rollback(release, began))


def _rejection(release: Release, no: Rejection) -> Iterable[str]:
    vote = no.vote
    where = f"*{escape(vote.gate)}* before {escape(release.stage_name(vote.stage))}"
    yield f"✗ {person(vote.by)} *rejected* {where}, {moment(vote.at)}"
    yield quoted(vote.comment)
    if ending := no.ended or _overridden(release, no):
        yield from ended_by(ending)
    elif _blocks(release, no):
        yield _told(
            release, vote.by, f"it blocks until {person(vote.by)} takes it back", ", or you settle it"
        )
    else:
        yield "It blocks nothing any more."


def _blocks(release: Release, no: Rejection) -> bool:
    vote, gate = no.vote, release.gate(no.vote.stage, no.vote.gate)
    if no.ended or gate is None or gate not in release.open_gates or vote.stage != release.stage:
        return False
    return gate_status(release, gate, vote.stage) is GateStatus.REJECTED


def _overridden(release: Release, no: Rejection) -> Ending | None:
    """Return how the gate was passed in spite of a no. It stands again if something else goes out then."""
    place = (no.vote.stage, no.vote.gate)
    for past in reversed(release.overrides if place in release.overridden else ()):
        if (past.stage, past.gate) == place and past.at > no.vote.at:
            return Ending(by=past.by, at=past.at, how="overrode the gate", reason=past.reason)
    return None


def settle_button(release: Release, stage: int, gate: str) -> Block:
    """Return the row that settles or takes back a rejection of a gate."""
    value = Target(release.key, stage, gate).value()
    what = f"Settle or take back the rejection of {gate}"
    return actions([button("Settle or take back…", Action.ANSWER_FORM, value, label=what)])


def _failure(release: Release, failure: Failure) -> Iterable[str]:
    attempt = f" at attempt {failure.attempt}" if failure.attempt > 1 else ""
    step = f"“{escape(failure.step)}” of *{escape(release.stage_name(failure.stage))}*"
    says = "" if failure.by == ROLLCALL else f", says {person(failure.by)}"
    yield f"✗ {step} has *failed*{attempt}{says}, {moment(failure.at)}"
    yield quoted(failure.reason)
    if failure.ended:
        yield from ended_by(failure.ended)
    else:
        yield _told(release, failure.by, f"choose what follows: {ways_on(release)}")


def _going_back(release: Release, plan: GoingBack) -> Iterable[str]:
    if plan.ended:
        yield f"⚠ {mention(release)} was to *go back by itself* {moment(plan.until)}"
        yield quoted(plan.because)
        yield from ended_by(plan.ended)
        return
    yield f"⚠ {mention(release)} *goes back by itself* {moment(plan.until)}, unless somebody vetoes it"
    yield quoted(plan.because)
    may = all_there(release, Circle.LEAD, Circle.OWNERS, Circle.ROLLBACK)
    yield f"{people(may)}: veto it with a reason, or roll it back now."


def _veto_button(release: Release) -> Block:
    """Return the row that keeps a release from going back by itself, or takes it back at once."""
    value = Target(release.key).value()
    veto = button("Veto…", Action.VETO_FORM, value, label=f"Keep {release.key} from going back")
    back = button("Roll back…", Action.ROLLBACK_FORM, value, "danger", label=f"Roll back {release.key}")
    return actions([veto, back])


def _rollback(release: Release, began: RollbackBegan) -> Iterable[str]:
    to = f" to {escape(began.to)}" if began.to else ""
    yield f"↩ {person(began.by)} *began to roll back*{to}, {moment(began.at)}"
    yield quoted(began.reason)
    if release.state is State.ROLLED_BACK:
        yield f"It was *rolled back*, {moment(release.since)}"
    else:
        yield _told(release, began.by, f"the steps of the way back are for {people(release.owners)}")


def _told(release: Release, by: UserId, what: str, besides: str = "") -> str:
    """Return what comes next, to those who lead and did not do it themselves; `besides` is for them alone."""
    to = people((one for one in leads(release) if one != by), "and")
    return f"{to}, {what}{besides}." if to else f"{what[0].upper()}{what[1:]}."
