"""`start`: begin a release; `preflight`: see beforehand whether it could be approved in time."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches
from typing import Final

from bot.coordinator import Accepted
from bot.ledger.progress.answers import Delivery
from bot.release.ids import UserId
from bot.release.manifest import Manifest
from bot.release.refusal import Refused
from bot.release.release import Release
from bot.release.stages.start import Start
from bot.runbook.gates.gate import Risk
from bot.runbook.model import NORMAL
from bot.slack.desk import MENTION, Call, Desk, Reply, answered, typed, unquoted
from bot.slack.forms.hold import span
from bot.slack.forms.start import start_form
from bot.slack.messages.preflight import preflight_text
from bot.slack.subcommands.subcommand import Subcommand
from bot.slack.writing.text import escape
from bot.slack.writing.words import mention, refusal, rolled_back_before

NAMES: Final = ("kind", "risk", "labels", "paths", "authors", "reviewers", "note", "same")
OPTION: Final = re.compile(r"(?<!\S)([a-z]+)=(\"[^\"]*\"|[“„][^“”]*[“”]|”[^”]*”|\S*)")
"""An option such as `kind=hotfix`; a value with spaces stands in quotes, straight or curly."""
LIST: Final = re.compile(r"[^\s,]+(?:\s*,\s*[^\s,]+)+")
MOST: Final = 10
"""Services that are started at once: each takes a while, and Slack waits three seconds for all."""
DRY: Final = "--dry-run"
DEADLINE: Final = timedelta(days=1)
"""By when a preflight wants all seats filled, where nobody says otherwise."""
OWN: Final = "This channel is that of {key}, and is archived with it. Start the next release in <#{channel}>."
ANY_VERSION: Final = "0"
"""What stands for the version in a preflight that names none."""


async def start(desk: Desk, call: Call) -> Reply:
    """Start the releases that were named, one a service, or open the form when something is missing."""
    if call.about and call.about.channel != call.channel:
        return Reply(text=OWN.format(key=call.about.key, channel=call.about.channel))
    words, options = _options(call.raw)
    dry = DRY in words
    service, version, note = (*_plain(words).split(None, 2), "", "", "")[:3]
    services = tuple(dict.fromkeys(filter(None, unquoted(service).split(",")))) or ("",)
    if trouble := _bad_option(options) or _too_many(services, version, dry=dry):
        return Reply(text=trouble)
    if not version and not dry:
        return _form(desk, call, services[0])
    commands = [_command(call, one, unquoted(version) or ANY_VERSION, note, options) for one in services]
    # What is in each is looked up at the same time, as Slack waits three seconds for all.
    replies = await asyncio.gather(
        *(_preflight(desk, one, DEADLINE) if dry else _start(desk, one, call.delivery) for one in commands)
    )
    return Reply(text="\n".join(reply.text for reply in replies))


async def _start(desk: Desk, command: Start, delivery: Delivery) -> Reply:
    decided = await desk.coordinator.handle(command, Delivery(f"{delivery}:{command.service}"))
    return answered(decided, _started(decided.release) if isinstance(decided, Accepted) else "")


async def preflight(desk: Desk, call: Call) -> Reply:
    """Say whether every seat of a release could be filled before a deadline."""
    words, options = _options(call.raw)
    service, *rest = (*_plain(words).split(), "")
    within = next((wait for word in rest if (wait := span(word))), None)
    version = next((word for word in rest if word and span(word) is None), ANY_VERSION)
    if trouble := _bad_option(options):
        return Reply(text=trouble)
    command = _command(call, unquoted(service), version, "", options)
    return await _preflight(desk, command, within or DEADLINE)


async def _preflight(desk: Desk, command: Start, within: timedelta) -> Reply:
    if not command.service:
        services = ", ".join(desk.runbooks.services()) or "none yet"
        return Reply(text=f"Name the service, such as: preflight checkout. Services: {services}.")
    release = await desk.coordinator.preview(command, any_version=command.version == ANY_VERSION)
    if isinstance(release, Refused):
        return Reply(text=f"It could not be started. {refusal(release)}")
    if command.version == ANY_VERSION:
        release = replace(release, version="(any version)")
    facts, now = await desk.coordinator.facts(release), desk.clock.now()
    return Reply(text=preflight_text(release, facts.directory, now, now + within))


def _started(release: Release) -> str:
    started = f"{mention(release)} has started. Its card appears in this channel."
    return "\n".join([started, *rolled_back_before(release)])


def _options(raw: str) -> tuple[list[str], dict[str, str]]:
    """Return the words that are no options, and the options such as `kind=hotfix`, as Slack sent them."""
    found = [one for one in OPTION.finditer(raw) if one[1] in NAMES or _near(one[1])]
    rest = raw
    for one in reversed(found):
        rest = f"{rest[: one.start()]} {rest[one.end() :]}"
    # The services may be parted by commas with spaces around them.
    listed = LIST.match(rest.strip())
    words = rest.split()
    if listed:
        words = ["".join(listed[0].split()), *rest.strip()[listed.end() :].split()]
    return words, {one[1]: unquoted(one[2]) for one in found}


def _near(name: str) -> str:
    return next(iter(get_close_matches(name, NAMES, n=1, cutoff=0.8)), "")


def _plain(words: list[str]) -> str:
    return typed(" ".join(word for word in words if word != DRY))


def _bad_option(options: dict[str, str]) -> str:
    for name in options:
        if name not in NAMES:
            return f"There is no option {name}. Did you mean {_near(name)}?"
    if options.get("same", "yes") != "yes":
        return "Where nothing has changed, and the same is released again, write: same=yes"
    if options.get("risk", Risk.LOW) in tuple(Risk):
        return ""
    return f"A risk is one of {', '.join(Risk)}, such as: risk=high"


def _too_many(services: tuple[str, ...], version: str, *, dry: bool) -> str:
    if len(services) > MOST:
        return f"At most {MOST} services are started at once. Start the others after these."
    if len(services) > 1 and not version and not dry:
        example = f"start {escape(','.join(services))} 1.4.0"
        return f"Several services are started with the version, such as: {example}"
    return ""


def _command(call: Call, service: str, version: str, note: str, options: dict[str, str]) -> Start:
    return Start(
        workspace=call.workspace,
        by=call.user,
        channel=call.channel,
        service=service,
        version=version,
        note=typed(options.get("note", "")) or unquoted(note),
        kind=typed(options.get("kind", "")) or NORMAL,
        same="same" in options,
        manifest=Manifest(
            authors=_people(options.get("authors", "")),
            reviewers=_people(options.get("reviewers", "")),
            labels=_listed(options.get("labels", "")),
            paths=_listed(options.get("paths", "")),
            risk=Risk(options.get("risk", Risk.LOW)),
        ),
    )


def _people(text: str) -> tuple[UserId, ...]:
    return tuple(sorted({UserId(found[1]) for found in MENTION.finditer(text)}))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(sorted({part.strip() for part in typed(text).split(",") if part.strip()}))


def _form(desk: Desk, call: Call, service: str) -> Reply:
    services = desk.runbooks.services()
    if not services:
        return Reply(text="No runbook names a service yet, so there is nothing to start.")
    return Reply(form=start_form(services, desk.runbooks.kinds(), call.channel, service))


START = Subcommand(
    name="start",
    usage="start [service,…] [version] [what goes out]",
    summary="start a release of each; without a version it opens a form, and with --dry-run it only looks",
    answer=start,
)
PREFLIGHT = Subcommand(
    name="preflight",
    usage="preflight service [version] [4h]",
    summary="whether every seat could be filled in time, by people who are awake",
    answer=preflight,
)
