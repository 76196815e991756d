"""The buttons that answer what a release waits for: the same in its thread, the digest and the Home tab."""

from collections.abc import Iterable
from typing import assert_never

from bot.release.ids import UserId
from bot.release.people.duties import leads
from bot.release.release import Release
from bot.release.waiting import Awaited, Waiting
from bot.slack.messages.card import hand_over_button, why_button
from bot.slack.messages.closing import unlock_button
from bot.slack.messages.gate import answer_buttons, report_button
from bot.slack.messages.holds import hold_buttons
from bot.slack.messages.override import sign_button
from bot.slack.messages.setback import settle_button
from bot.slack.messages.stage import go_button, step_buttons
from bot.slack.writing.blocks import Block, actions


def answers(release: Release, waiting: Waiting, me: UserId | None = None) -> Iterable[Block]:
    """Return the row of buttons for one thing that a release waits for; some are for `me` alone, if I may."""
    match waiting.kind:
        case Awaited.APPROVAL:
            gate = release.gate(release.stage, waiting.name)
            return answer_buttons(release, gate, release.stage) if gate else ()
        case Awaited.CHECK:
            return _report(release, waiting.name)
        case Awaited.REJECTION:
            return (settle_button(release, release.stage, waiting.name),)
        case Awaited.GO:
            return (go_button(release),)
        case Awaited.STEP | Awaited.RUN | Awaited.HELD_UP | Awaited.CHOICE:
            return step_buttons(release, release.stage)
        case Awaited.HOLD | Awaited.QUESTION:
            return (hold_buttons(release, hold) for hold in release.holds if hold.number == waiting.count)
        case Awaited.REVIEW:
            return (sign_button(release),)
        case Awaited.LOCK:
            return (unlock_button(release),)
        case Awaited.PEOPLE | Awaited.CAPTAIN | Awaited.READING | Awaited.SOAK:
            why, leads_it = why_button(release), me in leads(release) and not release.state.ended
            return (actions([why, hand_over_button(release)] if leads_it else [why]),)
        case _:
            assert_never(waiting.kind)


def _report(release: Release, check: str) -> Iterable[Block]:
    gate = next((gate for gate in release.open_gates if check in gate.checks), None)
    return (actions([report_button(release, gate, release.stage)]),) if gate else ()
