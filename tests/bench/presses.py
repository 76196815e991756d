"""Signed presses of Approve, each of another person at another gate of a release that is open."""

import json
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bot.practice.cast import PEOPLE, Person
from bot.practice.to_app.payloads import action, in_message, interaction, slash_command
from bot.practice.to_app.signed_http import FORM, signed
from bot.practice.workspace import Channel
from bot.release.ids import ReleaseKey
from bot.slack.buttons import Action

GATES = 2
CHANNEL = Channel(id="C0RELEASES", name="releases")
ANA = PEOPLE[0]


def write_runbooks(folder: Path, services: Iterable[str], people: Sequence[Person]) -> None:
    """Write a runbook for each service: people fill all seats of its gates but one, so the gates stay open."""
    folder.mkdir()
    users = ", ".join(person.id for person in people)
    gates = "".join(
        f"      - name: Gate {number}\n        approvals: {{crowd: {len(people)}, last: 1}}\n"
        for number in range(GATES)
    )
    for service in services:
        (folder / f"{service}.yaml").write_text(
            f"title: {service}\nservice: {service}\n"
            f"roles:\n  captain: {{starter: true}}\n  crowd: {{users: [{users}]}}\n  last: {{users: [U0CLEO]}}\n"
            f"stages:\n  - name: production\n    owner: captain\n    gates:\n{gates}"
            "    steps:\n      - do: Deploy\n",
            encoding="utf-8",
        )


def start(service: str) -> bytes:
    """Return the request of ana's command that starts a release of the service."""
    form = slash_command(
        ANA,
        CHANNEL,
        command="/release",
        text=f"start {service} 1.0.0",
        trigger_id=secrets.token_hex(8),
        response_url="https://hooks.slack.com/commands/1",
    )
    return request(urlencode(form).encode())


def approvals(gates: Iterable[Mapping[str, Any]], people: Sequence[Person]) -> list[bytes]:
    """Return a request for each gate's message and person: a press that carries the message, as Slack's do."""
    return [request(_press(message, person)) for message in gates for person in people]


def slot(message: Mapping[str, Any]) -> tuple[ReleaseKey, str]:
    """Return the release that a message of Rollcall is about, and its slot."""
    payload = message["metadata"]["event_payload"]
    return ReleaseKey(payload["release"]), str(payload["slot"])


def request(body: bytes) -> bytes:
    """Return a whole HTTP request with `body`, signed now."""
    headers = signed(body, FORM, int(time.time())) | {"Host": "127.0.0.1", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /slack/events HTTP/1.1\r\n{head}\r\n".encode() + body


def _press(message: Mapping[str, Any], person: Person) -> bytes:
    block, button = next(
        (block, element)
        for block in message["blocks"]
        for element in block.get("elements", ())
        if element.get("action_id") == Action.APPROVE
    )
    payload = {
        **interaction("block_actions", person),
        **in_message(CHANNEL, dict(message), {}),
        "trigger_id": f"{secrets.randbits(40)}.{secrets.randbits(40)}.{secrets.token_hex(16)}",
        "response_url": "https://hooks.slack.com/actions/T0PRACTICE/1/" + secrets.token_hex(12),
        "actions": [action(block, button, {})],
    }
    return urlencode({"payload": json.dumps(payload)}).encode()
