"""With what Rollcall gets to others, and whom it may call: as the settings say, and checked at the start."""

import os
from collections.abc import Sequence

from bot.checks.jira import Access
from bot.github.access import App, Token
from bot.outgoing import Networks, networks
from bot.settings import Misconfigured, Settings
from bot.signing import Key
from bot.subscribers.file import Unusable, read_subscribers
from bot.subscribers.subscriber import Subscriber


def github_access(settings: Settings) -> Token | App | None:
    """Return how Rollcall gets to GitHub, if it does. Raises Misconfigured where the key cannot be read."""
    if token := settings.github_token.get_secret_value():
        return Token(token=token)
    return github_app(settings)


def github_app(settings: Settings) -> App | None:
    """Return the GitHub App, if there is one: as no other than that is a rule answered."""
    if not settings.github_app_id or settings.github_app_key_file is None:
        return None
    try:
        key = settings.github_app_key_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise Misconfigured(f"GITHUB_APP_KEY_FILE cannot be read: {fault}") from None
    return App(id=settings.github_app_id, key=key)


def jira_access(settings: Settings) -> Access | None:
    """Return how Rollcall gets to Jira, if it does."""
    token = settings.jira_token.get_secret_value()
    return Access(token=token, user=settings.jira_user) if token else None


def webhook_key(settings: Settings) -> Key | None:
    """Return what runs elsewhere are asked for and reported with, if they are. Raises Misconfigured."""
    secret = settings.rollcall_webhook_secret.get_secret_value()
    try:
        return Key.read(secret) if secret else None
    except ValueError as fault:
        raise Misconfigured(f"ROLLCALL_WEBHOOK_SECRET: {fault}") from None


def networks_inside(settings: Settings) -> Networks:
    """Return the networks that may be called though they are not public. Raises Misconfigured."""
    try:
        return networks(settings.rollcall_inside)
    except ValueError as trouble:
        raise Misconfigured(f"ROLLCALL_INSIDE names no network: {trouble}") from None


def subscribers(settings: Settings) -> Sequence[Subscriber]:
    """Return who is told of events. Raises Misconfigured where the file is wrong."""
    if settings.rollcall_subscribers is None:
        return ()
    try:
        return read_subscribers(settings.rollcall_subscribers, os.environ)
    except Unusable as trouble:
        raise Misconfigured(f"ROLLCALL_SUBSCRIBERS cannot be used:\n{trouble}") from None
