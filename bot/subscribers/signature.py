"""Signatures as Standard Webhooks has them, so that a receiver checks them with a library that there is."""

import base64
import hashlib
import hmac
from binascii import Error
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

PREFIX: Final = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a key."""


class NoKey(ValueError):
    """A text is no secret that can sign."""


def key_of(secret: str) -> bytes:
    """Return the key that a secret such as `whsec_…` holds. Raises NoKey, without repeating the secret."""
    if not secret.startswith(PREFIX):
        raise NoKey(f"it does not begin with {PREFIX}")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (Error, ValueError):
        raise NoKey(f"what follows {PREFIX} is not base64") from None
    if not SHORTEST <= len(key) <= LONGEST:
        raise NoKey(f"it holds {len(key)} bytes, and {SHORTEST} to {LONGEST} are asked for")
    return key


def signed(keys: Sequence[bytes], id_: str, at: datetime, body: bytes) -> Mapping[str, str]:
    """Return the headers that sign a message: one signature by each key."""
    second = str(int(at.timestamp()))
    content = f"{id_}.{second}.".encode() + body
    digests = (hmac.new(key, content, hashlib.sha256).digest() for key in keys)
    return {
        "webhook-id": id_,
        "webhook-timestamp": second,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests),
    }
