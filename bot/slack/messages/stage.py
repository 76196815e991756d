"""The message of a stage: the captain's go, then its steps with who has ticked them."""

from collections.abc import Iterable

from bot.release.release import Release
from bot.release.state import State
from bot.runbook.model import Begin
from bot.slack.buttons import Action, Target
from bot.slack.messages.blocks import Block, actions, button
from bot.slack.messages.message import Message, entry
from bot.slack.messages.text import escape, moment, people, person


def stages(release: Release) -> Iterable[Message]:
    """Return the message of each stage that has begun, and of one that waits for its go."""
    for index, beginning in enumerate(release.began):
        if release.runbook.stages[index].steps or release.runbook.stages[index].begin is Begin.CAPTAIN:
            buttons = _step_buttons(release, index)
            yield entry(release, f"stage:{index}", beginning.at, _steps(release, index), buttons)
    if release.state is State.READY:
        buttons = [_go_button(release)]
        yield entry(release, f"stage:{release.stage}", release.since, _go(release), buttons)


def _go(release: Release) -> Iterable[str]:
    yield f"*{escape(release.current.name)}* is *ready*: every gate is met"
    yield f"{person(release.captain)}, it begins with your go"


def _go_button(release: Release) -> Block:
    value = Target(release.key, release.stage).value()
    return actions([button(f"Begin {release.current.name}", Action.BEGIN_STAGE, value, "primary")])


def _steps(release: Release, index: int) -> Iterable[str]:
    stage = release.runbook.stages[index]
    done = {tick.step: tick for tick in release.done if tick.stage == index}
    ended = len(done) == len(stage.steps)
    yield f"*{escape(stage.name)}* {'is *done*' if ended else 'has begun'}"
    for step in stage.steps:
        tick = done.get(step.do)
        by = f": {person(tick.by)}, {moment(tick.at)}" if tick else ""
        yield f"{'✓' if tick else '☐'} {escape(step.do)}{by}"
    if not ended and not release.state.ended:
        yield f"Next is “{escape(release.open_steps[0].do)}”: {people(release.owners)}"


def _step_buttons(release: Release, index: int) -> Iterable[Block]:
    if release.state is not State.IN_PROGRESS or index != release.stage:
        return
    following = release.open_steps[0].do
    value = Target(release.key, index, following).value()
    yield actions([button("Done", Action.FINISH_STEP, value, "primary", label=f"Done: {following}")])
