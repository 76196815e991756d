"""The forms that ask for a few words before something is done, one entry each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from bot.release.command import Command
from bot.release.gates.answers import Reject
from bot.release.gates.review import SignReview
from bot.release.ids import UserId, WorkspaceId
from bot.release.reason import LIMIT
from bot.release.stages.failure import FailStep, SkipStep
from bot.release.stages.going_back import VetoRollback
from bot.release.stages.holds import LiftHold
from bot.release.stages.lock import LiftLock
from bot.slack.buttons import Action, Target
from bot.slack.forms.form import Form, Submission, field, modal
from bot.slack.writing.blocks import Block

Means = Callable[[Target, WorkspaceId, UserId, str], Command]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonForm:
    """A form with one field. `label` and `hint` may name what the target names: {name}, {release}."""

    callback: str
    title: str
    label: str
    hint: str
    means: Means
    optional: bool = False

    def block(self, target: Target) -> Block:
        """Return the form for a target."""
        words = {"name": target.name, "release": target.release, "number": str(target.number)}
        text = {"type": "plain_text_input", "multiline": True, "max_length": LIMIT}
        label, hint = (_filled(part, words) for part in (self.label, self.hint))
        fields = [field("reason", label, text, hint=hint, optional=self.optional)]
        return modal(self.callback, self.title, self.title, target.value(), fields)

    def form(self) -> Form:
        """Return what its submission means."""

        def means(submission: Submission) -> Command:
            target = Target.read(submission.remembered)
            means = self.means(target, submission.workspace, submission.user, submission.values["reason"])
            return replace(means, bound=target.bound)

        return Form(callback=self.callback, means=means, field_of=lambda refused: "reason")


def _filled(text: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(f"{{{word}}}", value)
    return text


def _reject(target: Target, workspace: WorkspaceId, by: UserId, reason: str) -> Command:
    stage, gate = target.stage, target.name
    return Reject(workspace=workspace, release=target.release, by=by, stage=stage, gate=gate, comment=reason)


def _fail(target: Target, workspace: WorkspaceId, by: UserId, reason: str) -> Command:
    return FailStep(
        workspace=workspace,
        release=target.release,
        by=by,
        stage=target.stage,
        step=target.name,
        attempt=target.number,
        reason=reason,
    )


def _skip(target: Target, workspace: WorkspaceId, by: UserId, reason: str) -> Command:
    return SkipStep(
        workspace=workspace,
        release=target.release,
        by=by,
        stage=target.stage,
        step=target.name,
        attempt=target.number,
        reason=reason,
    )


def _lift(target: Target, workspace: WorkspaceId, by: UserId, reason: str) -> Command:
    return LiftHold(workspace=workspace, release=target.release, by=by, number=target.number, reason=reason)


def _veto(target: Target, workspace: WorkspaceId, by: UserId, reason: str) -> Command:
    return VetoRollback(workspace=workspace, release=target.release, by=by, reason=reason)


def _unlock(target: Target, workspace: WorkspaceId, by: UserId, reason: str) -> Command:
    return LiftLock(workspace=workspace, release=target.release, by=by, reason=reason)


def _sign(target: Target, workspace: WorkspaceId, by: UserId, reason: str) -> Command:
    return SignReview(workspace=workspace, release=target.release, by=by, comment=reason)


REASONS: Final[Mapping[Action, ReasonForm]] = {
    Action.REJECT: ReasonForm(
        callback="reject_v1",
        title="Reject",
        label="Why do you reject {name}?",
        hint="It blocks {release} until you take it back, or the captain settles it."
        " Everybody who follows the release sees the reason.",
        means=_reject,
    ),
    Action.FAIL_FORM: ReasonForm(
        callback="fail_v1",
        title="It failed",
        label="What went wrong with “{name}”?",
        hint="The captain and the owners then choose: retry, skip or roll back.",
        means=_fail,
    ),
    Action.SKIP_FORM: ReasonForm(
        callback="skip_v1",
        title="Skip",
        label="Why can “{name}” be left out?",
        hint="The next step follows. Everybody who follows the release sees the reason.",
        means=_skip,
    ),
    Action.LIFT_HOLD: ReasonForm(
        callback="lift_v1",
        title="Lift",
        label="Why can hold {number} be lifted?",
        hint="It is somebody else’s hold, so a reason is needed.",
        means=_lift,
    ),
    Action.VETO_FORM: ReasonForm(
        callback="veto_v1",
        title="Veto",
        label="Why should {release} not go back?",
        hint="It stays as it is. People can still roll it back, and everybody sees the reason.",
        means=_veto,
    ),
    Action.UNLOCK_FORM: ReasonForm(
        callback="unlock_v1",
        title="Lift the lock",
        label="What was mended?",
        hint="After that, releases of the service may start again.",
        means=_unlock,
    ),
    Action.SIGN_FORM: ReasonForm(
        callback="sign_v1",
        title="Sign off",
        label="What came of your review of {release}?",
        hint="With your name it goes into the ledger.",
        means=_sign,
        optional=True,
    ),
}
"""The form that each of these buttons opens."""
