"""What a deployment is told by its release: go on, never, or what is waited for.

It is told what stands in the runbook, and nothing that people have written: others may read it there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.ledger.progress.deployments import Deployment
from bot.release.release import Release
from bot.release.stages.runs import Run
from bot.release.state import State
from bot.release.waiting import Awaited, Waiting, waiting_on
from bot.runbook.model import HOMES, Stage

SHORTEST: Final = 12
"""Digits of a commit's id that are told to people."""


@dataclass(frozen=True, slots=True)
class Go:
    """It may go on."""

    because: str


@dataclass(frozen=True, slots=True)
class No:
    """It never may."""

    because: str


@dataclass(frozen=True, slots=True)
class Wait:
    """It is not decided yet. There is nothing to tell where it is decided again in a moment."""

    because: str = ""


@dataclass(frozen=True, slots=True)
class NotOurs:
    """Nothing here decides on it: it is of a repository or an environment that no runbook names."""

    because: str


Verdict = Go | No | Wait | NotOurs


def belongs(deployment: Deployment, release: Release) -> bool:
    """Return whether it is what a release puts into its environments, or puts back.

    Whose run its pipeline is, is another question: `is_run_of`.
    """
    forward = _is(deployment, release.version, release.manifest.commit)
    return forward or goes_back(deployment, release)


def is_run_of(deployment: Deployment, release: Release) -> bool:
    """Return whether its pipeline is a run that a release has asked for."""
    return any(_is_run(deployment, run) for run in release.runs)


def judge(deployment: Deployment, release: Release) -> Verdict:
    """Return what a release says to a deployment that belongs to it, or once did."""
    if not works_in(deployment.environment, [*release.runbook.stages, release.runbook.way_back]):
        return NotOurs(no_stage(deployment, [release.service]))
    if release.state in (State.CANCELLED, State.ROLLED_BACK):
        return No(f"{_name(release)} is {release.state.words}.")
    if no := _not_wanted(deployment, release):
        return No(f"{_name(release)} {no}.")
    if release.rehearsal and _is_among(deployment.environment, release.rehearsal.production):
        where = _quoted(deployment.environment)
        return No(f"{_name(release)} is a drill, and nothing of it goes into {where}, which is production.")
    stage = _stage(deployment, release)
    if stage is None:
        return No(no_stage(deployment, [release.service]))
    name = _quoted(release.stage_name(stage))
    if stage not in release.began or _is_stopped(release):
        where = _quoted(release.current.name)
        return Wait(f"{_name(release)} is {release.state.words} in {where}{_for(release)}.")
    return Go(f"{_name(release)}: {name} has begun.")


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Return what several releases say to a deployment that belongs to each: it goes on when all let it."""
    for kind in (No, NotOurs, Wait):
        if said := [one.because for one in verdicts if isinstance(one, kind)]:
            return kind(" ".join(said))
    return Go(" ".join(one.because for one in verdicts))


def works_in(environment: str, stages: Iterable[Stage]) -> bool:
    """Return whether one of some stages works in an environment; their names differ in more than capitals."""
    return _is_among(environment, (stage.where for stage in stages))


def no_stage(deployment: Deployment, services: Iterable[str]) -> str:
    """Say that nothing is released into the environment of a deployment."""
    return (
        f"No stage of {' or '.join(services)} works in {_quoted(deployment.environment)}. Name it in the"
        " runbook, or take the rule off this environment."
    )


def _is_among(environment: str, names: Iterable[str]) -> bool:
    return environment.casefold() in {name.casefold() for name in names}


def _stage(deployment: Deployment, release: Release) -> int | None:
    """Return the stage that works in the environment; the last, so that none is reached before its gates.

    The way back works wherever production was touched.
    """
    stages = release.runbook.stages
    if release.state is State.ROLLING_BACK:
        touched = [stages[i] for i in release.began if i < release.back and stages[i].production]
        back = works_in(deployment.environment, [release.runbook.way_back, *touched])
        return release.back if back else None
    fitting = (i for i, stage in enumerate(stages) if works_in(deployment.environment, [stage]))
    return max(fitting, default=None)


def _is_stopped(release: Release) -> bool:
    """Return whether what has begun does not go on just now. No hold stops the way back."""
    return release.failure is not None or (bool(release.holds) and release.state is not State.ROLLING_BACK)


def _not_wanted(deployment: Deployment, release: Release) -> str:
    """Return why a release that goes on does not want a deployment, in words that follow its name."""
    if is_run_of(deployment, release):
        wanted = release.run is not None and _is_run(deployment, release.run)
        return "" if wanted else "no longer wants this run"
    if release.state is State.ROLLING_BACK:
        back = goes_back(deployment, release)
        return "" if back else "is rolling back, and this is not the version before"
    forward = _is(deployment, release.version, release.manifest.commit)
    return "" if forward else f"no longer releases {deployment.commit[:SHORTEST]}"


def _is_run(deployment: Deployment, run: Run) -> bool:
    """Return whether its pipeline is a run. Whoever answers a webhook may name any link as its run's."""
    return run.order.by in HOMES and run.link == deployment.pipeline


def goes_back(deployment: Deployment, release: Release) -> bool:
    """Return whether it is the version to which a release goes back."""
    to, commit = release.going_back_to if release.taken_back else ("", "")
    return bool(to) and _is(deployment, to, commit)


def _is(deployment: Deployment, version: str, commit: str) -> bool:
    """Return whether it is a version. A tag may have been moved, so the commit counts where it is known."""
    if commit:
        return deployment.commit == commit
    return deployment.ref.removeprefix("refs/tags/") in (version, f"v{version}")


def _name(release: Release) -> str:
    return f"{release.key} ({release.service} {release.version})"


def _for(release: Release) -> str:
    what = ", ".join(dict.fromkeys(map(_awaited, waiting_on(release))))
    return f"; it waits for {what}" if what else ""


def _awaited(waiting: Waiting) -> str:
    match waiting.kind:
        case Awaited.HOLD | Awaited.QUESTION:
            return f"hold {waiting.count}"
        case Awaited.CAPTAIN:
            return "somebody to lead it"
        case _:
            return _quoted(waiting.name)


def _quoted(name: str) -> str:
    """Return a name as code in Markdown, so that nothing in it means something there."""
    return f"`{name.replace('`', chr(39))}`"
