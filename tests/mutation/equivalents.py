"""The sabotage that nobody could notice: each mutant that does what the core does, and why.

Whoever adds one says why nobody, neither a person nor another part, could tell the difference.
"""

from collections.abc import Mapping
from typing import Final

ONE_EACH: Final = (
    "A seat has one sitter or none, so that both sides are as long; that it is strict only says so."
)
AT_LEAST_A_MINUTE: Final = (
    "Nobody is reminded at the moment from which on something is asked: it takes a minute at least."
)

EQUIVALENTS: Final[Mapping[str, str]] = {
    "bot/release/gates/result.py _fewest: True => False": ONE_EACH,
    "bot/release/gates/result.py _stood_in_for: True => False": ONE_EACH,
    "bot/release/gates/review.py _signed_before_the_end: review.signed[-1].at < release.since => "
    "review.signed[-1].at <= release.since": (
        "Each command comes later than all events before it, so that nobody signs at the moment of the end."
    ),
    "bot/release/gates/seating.py _empty: True => False": ONE_EACH,
    "bot/release/gates/tree.py Tree.__init__: True => False": ONE_EACH,
    "bot/release/outlook/preflight.py _empty: True => False": ONE_EACH,
    "bot/release/people/handoff.py fingerprint: 16 => 17": (
        "A fingerprint is only held against another that was made the same way."
    ),
    "bot/release/telling/reminders.py _earliest: min((release.opened[release.stage], *since)) + "
    "min((plan.after for plan in plans)) => min((release.opened[release.stage], *since)) - "
    "min((plan.after for plan in plans))": "It is a time before which nothing is due; an earlier one is, too.",
    "bot/release/telling/reminders.py _past: it.at >= ask.since => it.at > ask.since": AT_LEAST_A_MINUTE,
    "bot/release/telling/reminders.py _private: it.at >= since => it.at > since": AT_LEAST_A_MINUTE,
    "bot/release/telling/reminders.py _rung: it.at >= ask.on[person] => it.at > ask.on[person]": (
        AT_LEAST_A_MINUTE
    ),
    "bot/release/telling/reminders.py asked_since: for hold if hold.ended => for hold": (
        "A hold that was lifted has ended; the type checker does not know that."
    ),
    "bot/release/telling/reminders.py _due_reminders: at <= now => at < now": (
        "What is due at this very moment is due to somebody who is at work, and was returned before."
    ),
    "bot/release/waiting.py _onward: return () => return None": (
        "What has ended is not asked how it goes on; the type checker wants every state to be named."
    ),
}
