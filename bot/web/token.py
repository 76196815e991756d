"""The token by which those who read are known: pipelines send it as it is, and people as their password."""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime, timedelta

from aiohttp import web


class Token:
    """The one token of the API and of the pages."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def stranger(self, request: web.Request) -> web.StreamResponse | None:
        """Refuse who does not bring the token."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer" and self._is(_raw(token.strip())):
            return None
        return web.json_response(
            {"error": "Send the token: Authorization: Bearer …"},
            status=401,
            headers={"WWW-Authenticate": "Bearer"},
        )

    def stranger_in_browser(self, request: web.Request) -> web.StreamResponse | None:
        """Refuse who does not give the token as the password, whatever the name."""
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "basic" and self._is(_password(given)):
            return None
        return web.Response(
            text="Give the token of ROLLCALL_API_TOKEN as the password. The name does not matter.\n",
            status=401,
            headers={"WWW-Authenticate": 'Basic realm="Rollcall", charset="UTF-8"'},
        )

    def mark(self, page: str, now: datetime) -> str:
        """Return what stands in the forms of a page, so that what is sent comes from there."""
        content = f"{page} {now:%Y-%m-%d}".encode()
        return hmac.new(self._token, content, hashlib.sha256).hexdigest()

    def is_mark(self, mark: str, page: str, now: datetime) -> bool:
        """Return whether a form was on the page today or yesterday."""
        good = (self.mark(page, day) for day in (now, now - timedelta(days=1)))
        return any(hmac.compare_digest(mark.encode(), one.encode()) for one in good)

    def _is(self, token: bytes) -> bool:
        return hmac.compare_digest(token, self._token)


def _raw(header: str) -> bytes:
    """Return a header as it came: what is no text in it was read as halves of characters."""
    return header.encode(errors="surrogateescape")


def _password(given: str) -> bytes:
    try:
        return base64.b64decode(_raw(given.strip()), validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return b""
