"""The message of a stage: the captain's go, then its steps with who has ticked them."""

from collections.abc import Iterable

from bot.release.ids import ROLLCALL, UserId
from bot.release.people.duties import Circle, first_there, leads, there
from bot.release.release import Beginning, DoneStep, Release
from bot.release.stages.failure import Failure
from bot.release.stages.runs import Run
from bot.release.stages.stage import begins_when_lifted
from bot.release.state import State
from bot.runbook.model import Begin
from bot.slack.buttons import Action, Target
from bot.slack.messages.message import Message, entry
from bot.slack.writing.blocks import Block, actions, button
from bot.slack.writing.text import escape, moment, people, person, quoted

WORKING = (State.IN_PROGRESS, State.FAILED, State.ROLLING_BACK)


def stages(release: Release) -> Iterable[Message]:
    """Return the message of each stage that has begun, and of one that waits for its go."""
    for index, beginning in release.began.items():
        if release.stage_at(index).steps or release.stage_at(index).begin is Begin.CAPTAIN:
            buttons = step_buttons(release, index)
            yield entry(release, f"stage:{index}", beginning.at, _steps(release, index), buttons)
    if release.state is State.READY:
        buttons = [] if begins_when_lifted(release) else [go_button(release)]
        yield entry(release, f"stage:{release.stage}", release.since, _go(release), buttons)


def _go(release: Release) -> Iterable[str]:
    yield f"*{escape(release.current.name)}* is *ready*: every gate is met"
    if release.holds:
        yield "It is *on hold*, so it cannot begin yet"
    if begins_when_lifted(release):
        yield "It begins by itself when nothing holds it any more"
    else:
        asked = first_there(release, Circle.LEAD, Circle.OWNERS)
        others = there(release, set(release.owners).difference(asked))
        or_theirs = f", or with that of {Circle.OWNERS}" if others else ""
        yield f"{people(asked)}, it begins with your go{or_theirs}"


def go_button(release: Release) -> Block:
    """Return the row with the captain’s go."""
    value = Target(release.key, release.stage, bound=release.bound).value()
    return actions([button(f"Begin {release.current.name}", Action.BEGIN_STAGE, value, "primary")])


def _steps(release: Release, index: int) -> Iterable[str]:
    stage = release.stage_at(index)
    done = {tick.step: tick for tick in release.done if tick.stage == index}
    ended = len(done) == len(stage.steps)
    now = index == release.stage and not release.state.ended
    yield f"*{escape(stage.name)}* {_stands(ended, now, _whose_go(release.began[index]))}"
    for step in stage.steps:
        yield from _step(release, step.do, done.get(step.do), index)
    if now and not ended:
        yield from _next(release)


def _stands(ended: bool, now: bool, go: str) -> str:
    if now and not ended:
        return f"has begun{go and f', {go}'}"
    return f"{'is *done*' if ended else 'was *broken off*'}{go and f'; it began {go}'}"


def _whose_go(beginning: Beginning) -> str:
    """Return with whose go a stage has begun; nothing where it did so by itself."""
    by, at = beginning.by, beginning.at
    return "" if by == ROLLCALL else f"with {person(by)}’s go, {moment(at)}"


def _step(release: Release, step: str, tick: DoneStep | None, index: int) -> Iterable[str]:
    failure = _failure(release, step, index)
    if tick is not None and tick.skipped:
        yield f"– {escape(step)}: skipped by {person(tick.by)}, {moment(tick.at)}\n{quoted(tick.skipped)}"
    elif tick is not None:
        yield f"✓ {escape(step)}: {_whose(tick.by, 'its run passed')}, {moment(tick.at)}"
    elif failure is not None:
        attempt = f" at attempt {failure.attempt}" if failure.attempt > 1 else ""
        says = "" if failure.by == ROLLCALL else f", says {person(failure.by)}"
        run = _run_of(release, failure)
        yield f"✗ {escape(step)}: *failed*{attempt}{says}, {moment(failure.at)}{_link(run, 'see it')}"
        yield quoted(failure.reason)
    elif (run := release.run) and (run.stage, run.step) == (index, step):
        how = f"*being run* since {moment(run.at)}"
        if older := run.held_up_by:
            seen = f" · <{older.link}|see it>" if older.link else ""
            how = f"*waits* since {moment(older.since)} for {older.text}, which does not stop{seen}"
        if run.ended:
            how = f"its run passed, {moment(run.ended)}; it is done when nothing holds it any more"
        yield f"▶ {escape(step)}: {how}{_link(run, 'watch it')}"
    else:
        yield f"☐ {escape(step)}"


def _whose(by: UserId, otherwise: str) -> str:
    return otherwise if by == ROLLCALL else person(by)


def _link(run: Run | None, text: str) -> str:
    return f" · <{run.link}|{text}>" if run and run.link else ""


def _run_of(release: Release, failure: Failure) -> Run | None:
    """Return the run that failed, where the step is run."""
    failed = (failure.stage, failure.step, failure.attempt)
    runs = (run for run in reversed(release.runs) if (run.stage, run.step, run.attempt) == failed)
    return next(runs, None)


def _failure(release: Release, step: str, index: int) -> Failure | None:
    """Return how a step stands failed: now, or when its stage was broken off."""
    now = index == release.stage and not release.state.ended
    begun = release.began[index].at
    known = [it for it in release.failures if it.at >= begun and (not now or it == release.failure)]
    return next((it for it in reversed(known) if (it.stage, it.step) == (index, step)), None)


def _next(release: Release) -> Iterable[str]:
    if release.holds and release.state is not State.ROLLING_BACK:
        yield "It is *on hold*, so nothing is ticked"
    if release.failure is not None:
        who = tuple(dict.fromkeys((*leads(release), *release.owners)))
        yield f"{people(who)}: {ways_on(release)}"
    elif release.run and release.run.held_up_by:
        to = people(first_there(release, Circle.LEAD, Circle.OWNERS))
        yield f"{to}: end that run where it runs; this one waits until {moment(release.run.until)}"
    elif release.run and release.run.ended is None:
        yield f"It has until {moment(release.run.until)}; then it is stopped"
    elif release.open_steps and release.open_steps[0].run is None:
        attempt = f" (attempt {release.attempt})" if release.attempt > 1 else ""
        yield f"Next is “{escape(release.open_steps[0].do)}”{attempt}: {people(release.owners)}"


def ways_on(release: Release) -> str:
    """Return what can be chosen for a step that has failed."""
    if release.state is State.ROLLING_BACK:
        return "retry it or skip it"
    return f"retry it, skip it or {'roll back' if release.touched_production else 'cancel the release'}"


def step_buttons(release: Release, index: int) -> Iterable[Block]:
    """Return the row with what can be said of the step that is next, or chosen for one that has failed.

    What the newest run of the stage has said can be read also when there is nothing left to do in it.
    """
    if row := [*_choices(release, index), *_output_button(release, index)]:
        yield actions(row)


def _choices(release: Release, index: int) -> Iterable[Block]:
    if release.state not in WORKING or index != release.stage or not release.open_steps:
        return
    following = release.open_steps[0].do
    value = Target(release.key, index, following, release.attempt, bound=release.bound).value()
    if release.failure is not None:
        yield button("Retry", Action.RETRY_STEP, value, "primary", label=f"Retry: {following}")
        yield button("Skip…", Action.SKIP_FORM, value, label=f"Skip: {following}")
        if release.touched_production and release.state is not State.ROLLING_BACK:
            yield button("Roll back…", Action.ROLLBACK_FORM, Target(release.key).value(), "danger")
    elif release.open_steps[0].run is None:
        yield button("Done", Action.FINISH_STEP, value, "primary", label=f"Done: {following}")
        yield button("It failed…", Action.FAIL_FORM, value, label=f"It failed: {following}")
    elif release.run is not None and release.run.ended is None:
        yield button("Stop it…", Action.FAIL_FORM, value, label=f"Stop it: {following}")


def _output_button(release: Release, index: int) -> Iterable[Block]:
    """Return the button that shows what the newest run of a stage has said."""
    newest = next((run for run in reversed(release.runs) if run.stage == index), None)
    if newest:
        value = Target(release.key, index, newest.step, newest.number).value()
        yield button("Output", Action.RUN_OUTPUT, value, label=f"Output of: {newest.step}")
