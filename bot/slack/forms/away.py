"""The form that names a deputy for a time, on all releases."""

from datetime import UTC, datetime, timedelta
from typing import Final

from bot.release.ids import UserId
from bot.release.people.absence import GoAway
from bot.release.people.directory import Away
from bot.release.refusal import Code
from bot.slack.buttons import NO_RELEASE
from bot.slack.forms.form import Form, Submission, field, modal
from bot.slack.writing.blocks import Block

CALLBACK: Final = "away_v1"


def away_form(now_away: Away | None, now: datetime) -> Block:
    """Return the form, filled in with what holds already."""
    still = now_away if now_away and now_away.until > now else None
    tomorrow = now.replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    until = int((still.until if still else tomorrow).timestamp())
    deputy = {"initial_user": still.deputy} if still else {}
    hint = "They are asked besides you, and what they answer says for whom."
    fields = [
        field("to", "Who answers for you?", {"type": "users_select", **deputy}, hint=hint),
        field("until", "Until when?", {"type": "datetimepicker", "initial_date_time": until}),
    ]
    return modal(CALLBACK, "Name a deputy", "Save", NO_RELEASE.value(), fields)


def _means(submission: Submission) -> GoAway:
    return GoAway(
        workspace=submission.workspace,
        by=submission.user,
        deputy=UserId(submission.values["to"]),
        until=datetime.fromtimestamp(int(submission.values["until"]), UTC),
    )


AWAY: Final = Form(
    callback=CALLBACK,
    means=_means,
    field_of=lambda refused: "until" if refused.code is Code.TIME_INVALID else "to",
)
