"""The buttons: what each carries, and the command that a press means.

A button's state is in the ledger; its value only says which act is meant, of which release. An action id
ends in the version of the value, so that buttons in old messages can still be read.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from enum import StrEnum
from typing import Final

from bot.release.command import Command
from bot.release.gates.answers import Approve
from bot.release.ids import ReleaseKey, UserId, WorkspaceId
from bot.release.people.handoff import DeclineDuty, Duty
from bot.release.stages.failure import RetryStep
from bot.release.stages.holds import KeepHold, LiftHold
from bot.release.stages.stage import BeginStage
from bot.release.stages.steps import FinishStep

LONGEST_VALUE: Final = 2_000
"""Characters (docs.slack.dev, button element)."""


class Action(StrEnum):
    """The acts that have a button: those in `MEANT` are commands, the others open a form or answer privately.

    The button that lifts a hold does either: one's own hold just lifts, for that of others a reason is asked.
    """

    APPROVE = "approve_v1"
    REJECT = "reject_v1"
    ANSWER_FORM = "answer_form_v1"
    REPORT_FORM = "report_form_v1"
    BEGIN_STAGE = "begin_stage_v1"
    FINISH_STEP = "finish_step_v1"
    FAIL_FORM = "fail_form_v1"
    RETRY_STEP = "retry_step_v1"
    SKIP_FORM = "skip_form_v1"
    HOLD_FORM = "hold_form_v1"
    KEEP_HOLD = "keep_hold_v1"
    LIFT_HOLD = "lift_hold_v1"
    CHANGES = "changes_v1"
    RUN_OUTPUT = "run_output_v1"
    ROLLBACK_FORM = "rollback_form_v1"
    VETO_FORM = "veto_form_v1"
    UNLOCK_FORM = "unlock_form_v1"
    HANDOFF_FORM = "handoff_form_v1"
    ACCEPT_FORM = "accept_form_v1"
    DECLINE_DUTY = "decline_duty_v1"
    SIGN_FORM = "sign_form_v1"
    WHY = "why_v1"
    AWAY_FORM = "away_form_v1"
    HOURS_FORM = "hours_form_v1"
    COME_BACK = "come_back_v1"
    REMIND_IN_AN_HOUR = "remind_in_an_hour_v1"
    REMIND_IN_FOUR_HOURS = "remind_in_four_hours_v1"
    REMIND_TOMORROW = "remind_tomorrow_v1"


@dataclass(frozen=True, slots=True)
class Target:
    """What a button is about: a release, a stage of it, and the gate, step or duty by name.

    `number` is the attempt at a step, or the number of a hold; `person` is whom it is about. `bound` is the
    hash of what was to be released when it was shown, where the act is about that.
    """

    release: ReleaseKey
    stage: int = 0
    name: str = ""
    number: int = 1
    person: str = ""
    bound: str = ""

    def value(self) -> str:
        """Return it as a button's value."""
        return json.dumps(astuple(self), ensure_ascii=False)

    @classmethod
    def read(cls, value: str) -> "Target":
        """Return what `value` wrote. Raises ValueError for anything else."""
        match json.loads(value[:LONGEST_VALUE]):
            case [str(release), int(stage), str(name)]:
                return cls(ReleaseKey(release), stage, name)
            case [str(release), int(stage), str(name), int(number), str(person)]:
                return cls(ReleaseKey(release), stage, name, number, person)
            case [str(release), int(stage), str(name), int(number), str(person), str(bound)]:
                return cls(ReleaseKey(release), stage, name, number, person, bound)
            case _:
                raise ValueError("The button carries nothing that Rollcall wrote.")


NO_RELEASE: Final = Target(ReleaseKey(""))
"""What the buttons are about that are about whoever presses them."""


def _approve(target: Target, workspace: WorkspaceId, by: UserId) -> Command:
    release, stage, gate = target.release, target.stage, target.name
    return Approve(workspace=workspace, release=release, by=by, stage=stage, gate=gate)


def _begin_stage(target: Target, workspace: WorkspaceId, by: UserId) -> Command:
    return BeginStage(workspace=workspace, release=target.release, by=by, stage=target.stage)


def _finish_step(target: Target, workspace: WorkspaceId, by: UserId) -> Command:
    release, stage, step = target.release, target.stage, target.name
    return FinishStep(
        workspace=workspace, release=release, by=by, stage=stage, step=step, attempt=target.number
    )


def _retry_step(target: Target, workspace: WorkspaceId, by: UserId) -> Command:
    release, stage, step = target.release, target.stage, target.name
    return RetryStep(
        workspace=workspace, release=release, by=by, stage=stage, step=step, attempt=target.number
    )


def _keep_hold(target: Target, workspace: WorkspaceId, by: UserId) -> Command:
    return KeepHold(workspace=workspace, release=target.release, by=by, number=target.number)


def _lift_hold(target: Target, workspace: WorkspaceId, by: UserId) -> Command:
    return LiftHold(workspace=workspace, release=target.release, by=by, number=target.number)


def _decline(target: Target, workspace: WorkspaceId, by: UserId) -> Command:
    return DeclineDuty(workspace=workspace, release=target.release, by=by, duty=Duty(target.name))


MEANT: Final[Mapping[Action, Callable[[Target, WorkspaceId, UserId], Command]]] = {
    Action.APPROVE: _approve,
    Action.BEGIN_STAGE: _begin_stage,
    Action.FINISH_STEP: _finish_step,
    Action.RETRY_STEP: _retry_step,
    Action.KEEP_HOLD: _keep_hold,
    Action.LIFT_HOLD: _lift_hold,
    Action.DECLINE_DUTY: _decline,
}
"""The command that each button means. The others open a form, answer privately, or are about oneself."""
