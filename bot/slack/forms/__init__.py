"""The forms. A new one is added to this list."""

from typing import Final

from bot.slack.forms.answer import ANSWER
from bot.slack.forms.away import AWAY
from bot.slack.forms.evidence import EVIDENCE
from bot.slack.forms.form import Form
from bot.slack.forms.handoff import ACCEPT, OFFER
from bot.slack.forms.hold import HOLD
from bot.slack.forms.hours import HOURS
from bot.slack.forms.reasons import REASONS
from bot.slack.forms.report import REPORT
from bot.slack.forms.rollback import ROLLBACK
from bot.slack.forms.start import CHANGE, START

FORMS: Final[tuple[Form, ...]] = (
    START,
    CHANGE,
    ANSWER,
    REPORT,
    HOLD,
    EVIDENCE,
    ROLLBACK,
    OFFER,
    ACCEPT,
    AWAY,
    HOURS,
    *(one.form() for one in REASONS.values()),
)
