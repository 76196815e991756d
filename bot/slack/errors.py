"""Reading what Slack answered when it did not say yes."""

from typing import Final

from slack_sdk.errors import SlackApiError

REFUSED: Final = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"}
)
"""Errors that tell that a token is not accepted, now or later."""


class TokenRefused(Exception):
    """Slack does not accept a token; the message says which. Copy it anew from the app's pages."""


def error_of(fault: SlackApiError) -> str:
    """Return Slack's name for the error; the status where the answer is no JSON."""
    answer = fault.response.data
    named = answer.get("error") if isinstance(answer, dict) else None
    return str(named or f"HTTP {fault.response.status_code}")
