"""The handles that Slack gives out for a short time: triggers, and URLs for later answers."""

import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.practice.shapes import Refusal

TRIGGER_SECONDS = 3.0
URL_LIFE = timedelta(minutes=30)
URL_USES = 5


@dataclass(slots=True, kw_only=True)
class Trigger:
    """The right to open one modal for one person; `issued` is monotonic seconds."""

    user: str
    in_modal: bool
    issued: float
    exchanged: bool = False


class Triggers:
    """Give out trigger ids that work once and for three seconds of real time."""

    def __init__(self) -> None:
        self._issued: dict[str, Trigger] = {}

    def issue(self, user: str, *, in_modal: bool = False) -> str:
        trigger_id = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._issued[trigger_id] = Trigger(user=user, in_modal=in_modal, issued=time.monotonic())
        return trigger_id

    def exchange(self, trigger_id: object) -> Trigger:
        """Use a trigger up; raise Refusal when it is unknown, used or older than three seconds."""
        trigger = self._issued.get(trigger_id) if isinstance(trigger_id, str) else None
        if trigger is None:
            raise Refusal("invalid_trigger_id")
        if trigger.exchanged:
            raise Refusal("exchanged_trigger_id")
        if time.monotonic() - trigger.issued > TRIGGER_SECONDS:
            raise Refusal("expired_trigger_id")
        trigger.exchanged = True
        return trigger


@dataclass(slots=True, kw_only=True)
class Reply:
    """The right to answer one act; `source` is the ts of the message that was acted on, if any."""

    user: str
    channel: str
    source: str | None
    until: datetime
    uses: int = field(default=URL_USES)


class ResponseUrls:
    """Give out response URLs that work five times within thirty minutes of workspace time."""

    def __init__(self) -> None:
        self.base = ""
        self._issued: dict[str, Reply] = {}

    def issue(self, user: str, channel: str, source: str | None, now: datetime) -> str:
        key = secrets.token_urlsafe(18)
        self._issued[key] = Reply(user=user, channel=channel, source=source, until=now + URL_LIFE)
        return f"{self.base}/response/{key}"

    def find(self, key: str, now: datetime) -> Reply:
        """Return the reply that the URL allows; raise Refusal when it is unknown, used up or too old."""
        reply = self._issued.get(key)
        if reply is None or reply.uses <= 0:
            raise Refusal("used_url")
        if now > reply.until:
            raise Refusal("expired_url")
        return reply
