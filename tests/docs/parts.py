"""What the documentation shows of the code, one function a part."""

import argparse
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from bot.cli import _parser
from bot.practice.cast import GROUPS, PEOPLE, PLACES
from bot.practice.web_api.methods import METHODS
from bot.release.kinds import COMMANDS, EVENTS, OWN_COMMANDS, OWN_EVENTS
from bot.release.state import ENDED, MOVES
from bot.settings import Settings
from bot.slack.incoming.listeners import CHANNEL_EVENTS, PEOPLE_EVENTS
from bot.slack.manifest import SCOPES
from bot.slack.subcommands import SUBCOMMANDS
from bot.subscribers.cloud_event import type_of
from tests.docs.generate import ROOT, Part, code, sentence, table
from tests.docs.refusals import refusals
from tests.docs.runbook_keys import people_keys, runbook_keys, subscriber_keys
from tests.docs.simulated import simulated, simulated_often


def subcommands() -> str:
    """Return what can be typed after the slash command."""
    rows = [[code(f"/release {one.usage}"), one.summary] for one in SUBCOMMANDS.values()]
    return table(["Type", "to see or do"], rows)


def command_line() -> str:
    """Return the subcommands of `rollcall`, with their options."""
    commands = next(a for a in _parser()._actions if isinstance(a, argparse._SubParsersAction))
    rows = [
        [
            code(" ".join(["rollcall", name, *_options(one)])),
            one.description or "",
            "<br>".join(_meanings(one)),
        ]
        for name, one in commands.choices.items()
    ]
    return table(["Command", "does", "options"], rows)


def _options(parser: argparse.ArgumentParser) -> Iterable[str]:
    for action in parser._actions:
        if action.dest != "help":
            value = action.dest.upper() if action.nargs != 0 else ""
            name = " ".join(filter(None, [*action.option_strings[:1], value]))
            yield name if action.required else f"[{name}{'…' if action.nargs == '*' else ''}]"


def _meanings(parser: argparse.ArgumentParser) -> Iterable[str]:
    for action in parser._actions:
        if action.dest != "help":
            yield f"{code((action.option_strings or [action.dest.upper()])[0])}: {action.help}"


def settings() -> str:
    """Return what can be set, with the value where nothing is."""
    rows = [
        [code(name.upper()), code(_default(field.default)), field.description or ""]
        for name, field in Settings.model_fields.items()
    ]
    return table(["Setting", "default", "meaning"], rows)


def _default(value: object) -> str:
    return "" if value is None else value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def scopes() -> str:
    """Return what Rollcall asks Slack to be allowed, and why."""
    return table(["Scope", "for"], [[code(scope), why] for scope, why in SCOPES.items()])


def slack_events() -> str:
    """Return the events of Slack that Rollcall listens to."""
    return "\n".join(f"- {code(event)}" for event in (*PEOPLE_EVENTS, *CHANNEL_EVENTS))


def states() -> str:
    """Return the state machine as a diagram."""
    moves = [
        f"    {before or '[*]'} --> {after}: {event}"
        for event, places in MOVES.items()
        for before, after in places.items()
    ]
    ends = [f"    {state} --> [*]" for state in sorted(ENDED)]
    return "\n".join(["```mermaid", "stateDiagram-v2", *moves, *ends, "```"])


def events() -> str:
    """Return the kinds of events that the ledger holds."""
    return table(
        ["Event", "means"],
        [[code(kind.__name__), sentence(kind.__doc__)] for kind in (*EVENTS, *OWN_EVENTS)],
    )


def cloud_events() -> str:
    """Return the types of the CloudEvents that subscribers are sent."""
    return ", ".join(code(type_of(kind.__name__)) for kind in EVENTS)


def commands() -> str:
    """Return the commands that go through the one door."""
    return table(
        ["Command", "means"],
        [[code(kind.__name__), sentence(kind.__doc__)] for kind in (*COMMANDS, *OWN_COMMANDS)],
    )


def make_targets() -> str:
    """Return the targets of the Makefile."""
    lines = re.findall(r"^([a-z]+):.*?## (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return table(["Target", "does"], [[code(f"make {name}"), text] for name, text in lines])


def people() -> str:
    """Return the cast of the practice Slack."""
    handles = {one.id: [group.handle for group in GROUPS if one.id in group.users] for one in PEOPLE}
    rows = [
        [one.name, one.real_name, one.title, one.tz, ", ".join(f"@{h}" for h in handles[one.id])]
        for one in PEOPLE
    ]
    return table(["Short name", "name", "is", "time zone", "in the groups"], rows)


def channels() -> str:
    """Return the channels of the practice Slack."""
    names = {one.id: one.name for one in PEOPLE}
    rows = [
        [f"#{one.name}", "private" if one.private else "public", ", ".join(_members(one.members, names))]
        for one in PLACES
    ]
    return table(["Channel", "is", "members"], rows)


def _members(members: Iterable[str], names: Mapping[str, str]) -> Iterable[str]:
    return [names.get(member, "Rollcall") for member in members]


def web_api_methods() -> str:
    """Return the methods of Slack's Web API that the practice Slack answers."""
    return ", ".join(code(name) for name in METHODS)


def runbook_file(name: str) -> Part:
    """Return the part that shows a runbook of the tree."""

    def shown() -> str:
        content = Path(ROOT / "runbooks" / f"{name}.yaml").read_text()
        return f"```yaml\n{content}```"

    return shown


PARTS: Final[Mapping[str, Part]] = {
    "subcommands": subcommands,
    "command-line": command_line,
    "settings": settings,
    "scopes": scopes,
    "slack-events": slack_events,
    "states": states,
    "events": events,
    "subscriber-keys": subscriber_keys,
    "cloud-events": cloud_events,
    "commands": commands,
    "refusals": refusals,
    "make-targets": make_targets,
    "people": people,
    "channels": channels,
    "web-api-methods": web_api_methods,
    "runbook-keys": runbook_keys,
    "people-keys": people_keys,
    "simulated": simulated,
    "simulated-often": simulated_often,
    "runbook-standard": runbook_file("standard"),
    "runbook-payments": runbook_file("payments"),
}
"""The name between the marks -> the function that says what stands there."""
