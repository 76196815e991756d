"""The buttons: what each carries, and the command that a press means.

A button's state is in the ledger; its value only says which act is meant, of which release. An action id
ends in the version of the value, so that buttons in old messages can still be read.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.release.approval import Approve
from bot.release.command import Command
from bot.release.ids import ReleaseKey, UserId, WorkspaceId
from bot.release.stage import BeginStage
from bot.release.steps import FinishStep

LONGEST_VALUE: Final = 2_000
"""Characters (docs.slack.dev, button element)."""


class Action(StrEnum):
    """The acts that have a button."""

    APPROVE = "approve_v1"
    REJECT = "reject_v1"
    BEGIN_STAGE = "begin_stage_v1"
    FINISH_STEP = "finish_step_v1"


@dataclass(frozen=True, slots=True)
class Target:
    """What a button is about: a release, a stage of it, and the gate or step by name."""

    release: ReleaseKey
    stage: int
    name: str = ""

    def value(self) -> str:
        """Return it as a button's value."""
        return json.dumps([self.release, self.stage, self.name], ensure_ascii=False)

    @classmethod
    def read(cls, value: str) -> "Target":
        """Return what `value` wrote. Raises ValueError for anything else."""
        match json.loads(value[:LONGEST_VALUE]):
            case [str(release), int(stage), str(name)]:
                return cls(ReleaseKey(release), stage, name)
            case _:
                raise ValueError("The button carries nothing that Rollcall wrote.")


def _approve(target: Target, workspace: WorkspaceId, by: UserId) -> Command:
    release, stage, gate = target.release, target.stage, target.name
    return Approve(workspace=workspace, release=release, by=by, stage=stage, gate=gate)


def _begin_stage(target: Target, workspace: WorkspaceId, by: UserId) -> Command:
    return BeginStage(workspace=workspace, release=target.release, by=by, stage=target.stage)


def _finish_step(target: Target, workspace: WorkspaceId, by: UserId) -> Command:
    release, stage, step = target.release, target.stage, target.name
    return FinishStep(workspace=workspace, release=release, by=by, stage=stage, step=step)


MEANT: Final[Mapping[Action, Callable[[Target, WorkspaceId, UserId], Command]]] = {
    Action.APPROVE: _approve,
    Action.BEGIN_STAGE: _begin_stage,
    Action.FINISH_STEP: _finish_step,
}
"""The command that each button means. Rejecting asks for a reason first, so it opens a form instead."""
