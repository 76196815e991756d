"""How a Web API request carries its arguments: as a query, a form or JSON."""

import json
from urllib.parse import parse_qsl

from aiohttp import web

from bot.practice.shapes import Json, Refusal

STRUCTURED = {
    "blocks": "invalid_blocks_format",
    "attachments": "invalid_attachments",
    "metadata": "invalid_metadata_format",
    "view": "invalid_arguments",
}


async def arguments(request: web.Request) -> Json:
    """Return the arguments of a call; raise Refusal when its body cannot be read."""
    args: Json = dict(request.query)
    body = await request.read()
    if request.content_type == "application/json":
        args |= _from_json(body)
    elif body:
        args |= _from_form(body)
    return {name: _decoded(name, value) for name, value in args.items() if value is not None}


def token_of(request: web.Request, args: Json) -> str:
    """Return the token that a call brings, or nothing."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else str(args.get("token") or "")


def _from_json(body: bytes) -> Json:
    try:
        given = json.loads(body or b"{}")
    except ValueError as trouble:
        raise Refusal("invalid_json") from trouble
    if not isinstance(given, dict):
        raise Refusal("json_not_object")
    return given


def _from_form(body: bytes) -> Json:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
    except ValueError as trouble:
        raise Refusal("invalid_form_data") from trouble


def _decoded(name: str, value: object) -> object:
    if name not in STRUCTURED:
        return _plain(name, value)
    if not isinstance(value, str) or not value:
        return value
    try:
        return json.loads(value)
    except ValueError as trouble:
        raise Refusal(STRUCTURED[name]) from trouble


def _plain(name: str, value: object) -> str:
    """Return a plain argument as a form would carry it."""
    if isinstance(value, dict | list):
        messages = [f"[ERROR] must be a string [json-pointer:/{name}]"]
        raise Refusal("invalid_arguments", response_metadata={"messages": messages})
    return json.dumps(value) if isinstance(value, bool) else str(value)
