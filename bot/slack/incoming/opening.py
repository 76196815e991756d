"""The buttons that change nothing by themselves: each opens a form, or answers privately."""

from typing import Final

from bot.coordinator import unknown_release
from bot.release.gates.checks import ReportCheck, told_by_hand
from bot.release.ids import ReleaseId, UserId, WorkspaceId
from bot.release.people.directory import Own
from bot.release.people.shift import asked
from bot.release.release import Release
from bot.release.stages.rollback import Rollback
from bot.slack.buttons import Action, Target
from bot.slack.desk import Desk, Reply
from bot.slack.forms.answer import answer_form
from bot.slack.forms.away import away_form
from bot.slack.forms.handoff import accept_form, offer_form
from bot.slack.forms.hold import hold_form
from bot.slack.forms.hours import hours_form
from bot.slack.forms.reasons import REASONS
from bot.slack.forms.report import report_form
from bot.slack.forms.rollback import rollback_form
from bot.slack.messages.changes import changes_of
from bot.slack.messages.output import output_of
from bot.slack.messages.why import why_text
from bot.slack.writing.text import people
from bot.slack.writing.words import refusal

NOT_OFFERED: Final = "This is offered to {people}, and not to you."
OFFERED_NO_MORE: Final = "This is offered no more. The newest messages of the release say who leads it."
NO_GATE: Final = "This gate is not open any more. Look at the newest messages of the release."
NO_ANSWER: Final = "This gate asks nobody for an approval; its checks decide. Report how a check went."

NO_CHECK: Final = "This gate has no check, so there is nothing to report. Approve or reject it instead."


async def opened(desk: Desk, action: Action, target: Target, workspace: WorkspaceId, by: UserId) -> Reply:
    """Return what a press on a button shows to the person who has pressed it."""
    if action in REASONS:
        return Reply(form=REASONS[action].block(target))
    if action is Action.HOLD_FORM:
        return Reply(form=hold_form(target.release))
    if action is Action.HANDOFF_FORM:
        return Reply(form=offer_form(target.release))
    if action is Action.AWAY_FORM:
        own = await desk.releases.own(workspace)
        return Reply(form=away_form(own.get(by, Own()).away, desk.clock.now()))
    if action is Action.HOURS_FORM:
        return Reply(form=hours_form(await desk.coordinator.hours_of(workspace, by)))
    release = await desk.releases.find(ReleaseId(workspace, target.release))
    if release is None:
        return Reply(text=refusal(unknown_release(target.release)))
    if action is Action.RUN_OUTPUT:
        return Reply(form=output_of(target, await desk.output(release, target.number)))
    if action is Action.ROLLBACK_FORM:
        return await asks_again(desk, release, by)
    if action is Action.REPORT_FORM:
        return await _reports(desk, release, target, by)
    return _about(release, action, target, by)


async def asks_again(desk: Desk, release: Release, by: UserId) -> Reply:
    """Return the form that asks for the key once more, or why the release is not rolled back by somebody."""
    back = Rollback(workspace=release.workspace, release=release.key, by=by, reason="")
    if refused := await desk.refuses(back):
        return Reply(text=refusal(refused))
    last = await desk.releases.recoveries(release.workspace, release.service)
    return Reply(form=rollback_form(release, last))


async def _reports(desk: Desk, release: Release, target: Target, by: UserId) -> Reply:
    """Return the form for the checks that somebody can report now, or why that is none of them."""
    gate = release.gate(target.stage, target.name)
    if gate is None:
        return Reply(text=NO_GATE)
    found = {
        check: await desk.refuses(
            ReportCheck(
                workspace=release.workspace,
                release=release.key,
                by=by,
                bound=target.bound,
                check=check,
                passed=True,
            )
        )
        for check in gate.checks
    }
    if checks := [check for check, refused in found.items() if refused is None]:
        return Reply(form=report_form(checks, target))
    told = [found[check] for check in told_by_hand(release, gate) or gate.checks]
    return Reply(text="\n".join(dict.fromkeys(refusal(one) for one in told if one)) or NO_CHECK)


def opens(action: Action, target: Target, by: UserId) -> bool:
    """Return whether a press opens something, rather than being a command. One's own hold just lifts."""
    if action is Action.LIFT_HOLD:
        return target.person != by
    return action in REASONS or action in (
        Action.ANSWER_FORM,
        Action.REPORT_FORM,
        Action.HOLD_FORM,
        Action.ROLLBACK_FORM,
        Action.HANDOFF_FORM,
        Action.ACCEPT_FORM,
        Action.WHY,
        Action.RUN_OUTPUT,
        Action.CHANGES,
        Action.AWAY_FORM,
        Action.HOURS_FORM,
    )


def _about(release: Release, action: Action, target: Target, by: UserId) -> Reply:
    match action:
        case Action.WHY:
            return Reply(text=why_text(release))
        case Action.CHANGES:
            return Reply(form=changes_of(release))
        case Action.ACCEPT_FORM:
            to = (UserId(target.person),) if target.person else asked(release)
            if by in to:
                return Reply(form=accept_form(release, target))
            return Reply(text=NOT_OFFERED.format(people=people(to)) if to else OFFERED_NO_MORE)
        case _ if release.gate(target.stage, target.name) is None:
            return Reply(text=NO_GATE)
        case _:
            form = answer_form(release, target, by)
            return Reply(form=form) if form else Reply(text=NO_ANSWER)
