"""The form in which people say when they work."""

from datetime import time
from typing import Final

from bot.release.people.hours import Hours, Week
from bot.release.people.own_hours import SetHours
from bot.release.refusal import Code
from bot.slack.buttons import NO_RELEASE
from bot.slack.forms.form import Form, Submission, field, modal
from bot.slack.writing.blocks import Block, plain
from bot.slack.writing.hours import WEEK

CALLBACK: Final = "hours_v1"


def hours_form(hours: Hours) -> Block:
    """Return the form, filled in with what holds already."""
    options = [{"text": plain(day, 75), "value": str(number)} for number, day in enumerate(WEEK)]
    days = {"options": options, "initial_options": [options[day] for day in hours.days]}
    hint = f"In your time zone, {hours.zone}."
    overnight = "A time that is not after the first is on the next day."
    fields = [
        field("begins", "From when do you work?", _clock(hours.begins), hint=hint),
        field("ends", "Until when?", _clock(hours.ends), hint=overnight),
        field("days", "On which days?", {"type": "checkboxes", **days}),
    ]
    return modal(CALLBACK, "Your working hours", "Save", NO_RELEASE.value(), fields)


def _clock(at: time) -> Block:
    return {"type": "timepicker", "initial_time": f"{at:%H:%M}"}


def _means(submission: Submission) -> SetHours:
    values = submission.values
    week = Week(
        begins=time.fromisoformat(values["begins"]),
        ends=time.fromisoformat(values["ends"]),
        days=tuple(map(int, values["days"].split(","))),
    )
    return SetHours(workspace=submission.workspace, by=submission.user, week=week)


HOURS: Final = Form(
    callback=CALLBACK,
    means=_means,
    field_of=lambda refused: "days" if refused.code is Code.TIME_INVALID else "begins",
)
