"""Signed requests, as the Standard Webhooks write them (standardwebhooks.com): with an id, a time, and a
signature of both and the body.
"""

import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

PREFIX: Final = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a key."""
TOLERANCE_S: Final = 300
"""How old a request may be, or how far ahead the clock of who sends it."""
_TIME: Final = re.compile("[0-9]{1,12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Key:
    """What requests are signed with, by both sides."""

    value: bytes = field(repr=False)

    @classmethod
    def read(cls, secret: str) -> "Key":
        """Return the key that is written as `whsec_…`. Raises ValueError for anything else."""
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
            raise ValueError(
                f"expected {PREFIX} and, in base64, {SHORTEST} to {LONGEST} bytes, such as from"
                f' echo "{PREFIX}$(openssl rand -base64 32)"'
            )
        return cls(key)

    def sign(self, id_: str, body: bytes, at: float | None = None) -> Mapping[str, str]:
        """Return the headers that sign a body; the same id tells that it is the same request again."""
        written = str(int(time.time() if at is None else at))
        signature = self._signature(id_, written, body).decode()
        return {"webhook-id": id_, "webhook-timestamp": written, "webhook-signature": signature}

    def has_signed(self, headers: Mapping[str, str], body: bytes, now: float | None = None) -> bool:
        """Return whether a request was signed with this key, not long ago."""
        id_, written = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not id_ or not _TIME.fullmatch(written):
            return False
        if abs((time.time() if now is None else now) - int(written)) > TOLERANCE_S:
            return False
        right = self._signature(id_, written, body)
        # While keys are changed, there may be one signature for each.
        given = _raw(headers.get("webhook-signature", "")).split(b" ")
        return any(hmac.compare_digest(right, one) for one in given)

    def _signature(self, id_: str, written: str, body: bytes) -> bytes:
        content = b".".join([_raw(id_), written.encode(), body])
        return b"v1," + base64.b64encode(hmac.digest(self.value, content, hashlib.sha256))


def signed(keys: Iterable[Key], id_: str, body: bytes, at: float) -> Mapping[str, str]:
    """Return the headers that sign a body with each of some keys, so that one is changed without a gap."""
    each = [key.sign(id_, body, at) for key in keys]
    return {**each[0], "webhook-signature": " ".join(one["webhook-signature"] for one in each)}


def _raw(header: str) -> bytes:
    """Return a header as it came: what is no text in it was read as halves of characters."""
    return header.encode(errors="surrogateescape")
