"""One call of a Web API method: its arguments, and what is asked of them again and again."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.practice.cast import BOT_USER, dm_id
from bot.practice.shapes import Json, Refusal
from bot.practice.slack import Slack
from bot.practice.workspace import Channel, Workspace

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call with its decoded arguments."""

    slack: Slack
    args: Json

    @property
    def workspace(self) -> Workspace:
        return self.slack.workspace

    def get(self, name: str) -> Any:
        """Return an argument, or None when it is missing or empty."""
        value = self.args.get(name)
        return None if value == "" else value

    def need(self, name: str, error: str = "invalid_arguments") -> Any:
        """Return an argument; raise Refusal when it is missing."""
        value = self.get(name)
        if value is None:
            messages = [f"[ERROR] missing required field: {name}"]
            raise Refusal(error, response_metadata={"messages": messages})
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.get(name)
        return default if value is None else value in ("1", "true", "True")

    def scope(self, needed: str) -> None:
        """Raise Refusal unless the app has the scope."""
        require_scope(self.slack.scopes, needed)

    def channel(self, *, by_name: bool = False, opens_dm: bool = False) -> Channel:
        """Find the channel of the call; a private one without the app in it is as good as none."""
        given = self.need("channel", "channel_not_found")
        wanted = dm_id(given) if opens_dm and given in self.workspace.people else given
        for channel in self.workspace.channels.values():
            named = by_name and channel.im_with is None and given in (channel.name, f"#{channel.name}")
            if (channel.id == wanted or named) and may_know(channel):
                return channel
        raise Refusal("channel_not_found")

    def page(self, items: Sequence[T], *, default: int = 100, most: int = 1000) -> tuple[list[T], Json]:
        """Cut out the page that `cursor` and `limit` ask for; return it with the response metadata."""
        start = self._start()
        limit = self._number("limit", default)
        if limit < 1:
            raise Refusal("invalid_limit")
        end = start + min(limit, most)
        following = b64encode(f"from:{end}".encode()).decode() if end < len(items) else ""
        return list(items[start:end]), {"next_cursor": following}

    def _start(self) -> int:
        cursor = self.get("cursor")
        if cursor is None:
            return 0
        try:
            return int(b64decode(cursor, validate=True).decode().removeprefix("from:"))
        except (ValueError, TypeError) as trouble:
            raise Refusal("invalid_cursor") from trouble

    def _number(self, name: str, default: int) -> int:
        try:
            return int(self.get(name) or default)
        except (ValueError, TypeError) as trouble:
            raise Refusal("invalid_arguments") from trouble


Run = Callable[[Call], Json]


def may_know(channel: Channel) -> bool:
    """Tell whether the app may know that the channel exists."""
    return not channel.private or BOT_USER in channel.members


def kind_of(channel: Channel) -> str:
    """Return the word that scopes use for this kind of channel."""
    if channel.im_with:
        return "im"
    return "groups" if channel.private else "channels"


def require_scope(scopes: frozenset[str], needed: str) -> None:
    """Raise Refusal unless the scope is among them."""
    if needed not in scopes:
        raise Refusal("missing_scope", needed=needed, provided=",".join(sorted(scopes)))
