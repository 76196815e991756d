"""Worlds with runbooks of their own, and forms as a person reads them."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

from tests.world import World, open_world, plain, readable

ROLES = """\
roles:
  captain: {starter: true}
  qa: {group: qa}
  security: {group: security}
  on-call: {group: on-call}
"""
"""The roles of most runbooks here, to stand at its beginning."""

OWN_CHANNEL = """\
own_channel: true
stages:
  - name: staging
    owner: captain
    gates:
      - {name: QA, approvals: {qa: 1}}
    steps:
      - do: Deploy
  - name: production
    owner: on-call
    production: true
    gates:
      - {name: Go or no-go, approvals: {security: 1}}
    steps:
      - do: Deploy to all
"""
"""The rest of a runbook whose releases have each a channel of its own."""


@asynccontextmanager
async def world_with(folder: Path, runbook: str, **settings: Any) -> AsyncIterator[World]:
    """Open a world in which the service `shop` is released by `runbook`, written as people write it."""
    write(folder, runbook)
    async with open_world(folder, rollcall_runbooks=folder / "runbooks", **settings) as world:
        yield world


def write(folder: Path, runbook: str) -> None:
    """Write the runbook of `shop`, or write it anew."""
    (folder / "runbooks").mkdir(exist_ok=True)
    head = "title: Shop\nservice: shop\n"
    (folder / "runbooks" / "shop.yaml").write_text(head + dedent(runbook), encoding="utf-8")


async def shown(world: World, key: str, slot: str) -> str:
    """Return the message of a release at a slot, as a person reads it."""
    return readable(await world.message(key, slot))


async def offer(world: World) -> str:
    """Return the slot of the newest offer of `shop-1` that is open."""
    offers = (await world.release("shop-1")).offers.values()
    newest = max(offers, key=lambda one: one.at)
    return f"offer:{newest.duty}:{newest.at.timestamp():.6f}"


async def standing(world: World, key: str) -> str:
    """Return what stands on the card between its title and its small print."""
    lines = readable(await world.card(key)).split("\n")
    return "\n".join(line for line in lines[1:] if not line.startswith(("Captain", "Event", "[")))


async def press_old(world: World, user: str, key: str, action: str, value: str) -> None:
    """Press a button that a message of the thread had at another time, or in another version of Rollcall."""
    button = {"type": "button", "text": {"type": "plain_text", "text": "Old"}}
    blocks = [{"type": "actions", "elements": [{**button, "action_id": action, "value": value}]}]
    card = await world.card(key)
    old = await world.client().chat_postMessage(
        channel="C0RELEASES", thread_ts=card["ts"], text="Old", blocks=blocks
    )
    await world.control("press", user=user, channel="releases", message_ts=old["ts"], action_id=action)
    await world.settled()


async def open_form(world: World, user: str) -> str:
    """Wait for a person's form, and return it as the person reads it."""
    view = await getattr(world, user).sees_form()
    return "\n".join(_lines(view))


async def held(world: World, user: str) -> Mapping[str, Any]:
    """Return what a person's open form holds, by field."""
    view = (await world.look("view", user=user))["view"]
    assert view is not None, f"{user} has no form open."
    values = view["state"]["values"]
    return {name: _value(next(iter(block.values()))) for name, block in values.items()}


def _lines(view: Mapping[str, Any]) -> Iterator[str]:
    buttons = [f"[{view[one]['text']}]" for one in ("submit", "close") if view[one]]
    yield " ".join([view["title"]["text"], *buttons])
    for block in view["blocks"]:
        if block["type"] == "section":
            yield plain(block["text"]["text"])
            continue
        if block["type"] == "context":
            yield from (plain(element["text"]) for element in block["elements"])
            continue
        element = block["element"]
        yield f"{block['label']['text']}{' (optional)' if block.get('optional') else ''}"
        for option in element.get("options", ()):
            more = option.get("description", {}).get("text", "")
            yield f"  ( ) {option['text']['text']}{more and ' / '}{more}"
        initial = element.get("initial_value") or element.get("initial_option", {}).get("value")
        if initial:
            yield f"  = {initial}"
        if "hint" in block:
            yield f"  {block['hint']['text']}"


def _value(element: Mapping[str, Any]) -> Any:
    for key in ("value", "selected_user", "selected_users", "selected_time", "selected_date_time"):
        if key in element:
            return element[key]
    if "selected_options" in element:
        return [option["value"] for option in element["selected_options"]]
    return (element.get("selected_option") or {}).get("value")
