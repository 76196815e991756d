"""The forms, one a file. A new one is added to this list."""

from typing import Final

from bot.slack.forms.form import Form
from bot.slack.forms.reject import REJECT
from bot.slack.forms.start import START

FORMS: Final[tuple[Form, ...]] = (START, REJECT)
