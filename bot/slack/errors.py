"""Reading what Slack answered when it did not say yes."""

from typing import Final

from slack_sdk.errors import SlackApiError

REFUSED: Final = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"}
)
"""Errors that tell that a token is not accepted, now or later."""

TOO_FAST: Final = frozenset({"ratelimited", "rate_limited"})
UNSAID_S: Final = 30.0
"""How long to wait where Slack asks to slow down and does not say for how long."""


class TokenRefused(Exception):
    """Slack does not accept a token; the message says which. Copy it anew from the app's pages."""


def named_error(fault: SlackApiError) -> str | None:
    """Return Slack's name for the error, or None where the answer has none, such as a page of a proxy."""
    # The SDK hands over its own response, or the bare one where it could not read that.
    answer = getattr(fault.response, "data", None)
    named = answer.get("error") if isinstance(answer, dict) else None
    return None if named is None else str(named)


def error_of(fault: SlackApiError) -> str:
    """Return Slack's name for the error; the status where it has none."""
    return named_error(fault) or f"HTTP {status_of(fault)}"


def status_of(fault: SlackApiError) -> int:
    """Return the status of the answer."""
    status: int | None = getattr(fault.response, "status_code", None)
    return int(fault.response.status) if status is None else status


def slow_down(fault: SlackApiError) -> float | None:
    """Return for how many seconds Slack asks not to call this method, or None where it does not ask."""
    if status_of(fault) != 429 and named_error(fault) not in TOO_FAST:
        return None
    try:
        return max(0.0, float(fault.response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return UNSAID_S
