"""The forms that say what goes out: to start a release, and to change what it is."""

from collections.abc import Mapping, Sequence
from typing import Final

from bot.release.command import Command
from bot.release.ids import ChannelId, UserId
from bot.release.manifest import DIGEST, Manifest
from bot.release.refusal import Code
from bot.release.release import Release
from bot.release.stages.revision import ChangeManifest
from bot.release.stages.start import NOTE_LIMIT, Start
from bot.runbook.gates.gate import Risk
from bot.runbook.model import NORMAL
from bot.slack.buttons import Target
from bot.slack.forms.form import Form, Submission, field, modal
from bot.slack.writing.blocks import Block, plain

START_CALLBACK: Final = "start_v1"
CHANGE_CALLBACK: Final = "change_v1"
MOST_OPTIONS: Final = 100
"""Options in one select (docs.slack.dev, select menu element)."""
LONGEST_LIST: Final = 3_000
"""Characters in one text field (docs.slack.dev, plain-text input element)."""

FIELD_OF: Final[Mapping[Code, str]] = {
    Code.VERSION_INVALID: "version",
    Code.VERSION_UNKNOWN: "version",
    Code.NOTHING_CHANGED: "version",
    Code.CHANGES_UNREAD: "authors",
    Code.ALREADY_RELEASED: "version",
    Code.KIND_UNKNOWN: "kind",
    Code.MANIFEST_INVALID: "paths",
    Code.MANIFEST_SAME: "version",
    Code.TEXT_TOO_LONG: "note",
    Code.TEXT_UNREADABLE: "note",
}


def start_form(
    services: Sequence[str], kinds: Sequence[str], channel: ChannelId | None, service: str = ""
) -> Block:
    """Return the form. The release is started in `channel`, or the form asks; `service` is chosen already."""
    options = [_option(one) for one in services[:MOST_OPTIONS]]
    select: Block = {"type": "static_select", "options": options}
    if service in services[:MOST_OPTIONS]:
        select["initial_option"] = _option(service)
    elif len(options) == 1:
        select["initial_option"] = options[0]
    note = {"type": "plain_text_input", "multiline": True, "max_length": NOTE_LIMIT}
    fields = [
        *(() if channel else (_channel(),)),
        field("service", "Service", select),
        field("version", "Version", _version()),
        field("note", "What goes out", note, optional=True, hint="A few words, or a link to the changes."),
        *_kinds(kinds),
        *_manifest(Manifest()),
    ]
    return modal(START_CALLBACK, "Start a release", "Start", channel or "", fields)


def change_form(release: Release) -> Block:
    """Return the form that changes what goes out, filled in with what it is now."""
    version = {**_version(), "initial_value": release.version}
    fields = [field("version", "Version", version), *_manifest(_typed(release.manifest))]
    value = Target(release.key, bound=release.bound).value()
    return modal(CHANGE_CALLBACK, "Change what goes out", "Change", value, fields)


def _typed(manifest: Manifest) -> Manifest:
    """Return what people have to type: what a repository says is read anew."""
    return Manifest(risk=manifest.risk, labels=manifest.labels) if manifest.commit else manifest


def _channel() -> Block:
    channels = {"include": ["public", "private"]}
    select = {"type": "conversations_select", "filter": channels, "default_to_current_conversation": True}
    return field("channel", "Channel", select, hint="The release is led there.")


def _version() -> Block:
    return {"type": "plain_text_input", "placeholder": plain("1.4.0", 150), "max_length": 64}


def _kinds(kinds: Sequence[str]) -> Sequence[Block]:
    if len(kinds) < 2:
        return ()
    options = [_option(kind) for kind in kinds[:MOST_OPTIONS]]
    select = {"type": "static_select", "options": options, "initial_option": options[0]}
    return (field("kind", "Kind", select, hint="The runbook says what is different for each kind."),)


def _manifest(now: Manifest) -> Sequence[Block]:
    risks = [_option(risk) for risk in Risk]
    risk = {"type": "static_select", "options": risks, "initial_option": _option(now.risk)}
    people: Block = {"type": "multi_users_select"}
    authors = {**people, "initial_users": list(now.authors)} if now.authors else people
    return (
        field("risk", "Risk", risk),
        field(
            "authors",
            "Authors",
            authors,
            optional=True,
            hint="Who wrote the changes. They approve none of it.",
        ),
        field("labels", "Labels", _words(now.labels), optional=True, hint="Separated by commas."),
        field(
            "paths",
            "Changed paths",
            _lines(now.paths),
            optional=True,
            hint="One on each line. With its hash after it (git’s, say), who approved it is not asked again"
            " while that stays the same.",
        ),
    )


def _words(words: Sequence[str]) -> Block:
    text: Block = {"type": "plain_text_input", "max_length": LONGEST_LIST}
    return {**text, "initial_value": ", ".join(words)[:LONGEST_LIST]} if words else text


def _lines(lines: Sequence[str]) -> Block:
    text: Block = {"type": "plain_text_input", "multiline": True, "max_length": LONGEST_LIST}
    return {**text, "initial_value": "\n".join(lines)[:LONGEST_LIST]} if lines else text


def _option(value: str) -> Block:
    return {"text": plain(value, 75), "value": value}


def _read_manifest(values: Mapping[str, str]) -> Manifest:
    lines = [_path(line) for line in _split(values.get("paths", ""), "\n")]
    return Manifest(
        authors=tuple(sorted(map(UserId, _split(values.get("authors", ""), ",")))),
        labels=tuple(sorted(set(_split(values.get("labels", ""), ",")))),
        paths=tuple(sorted({path for path, _ in lines})),
        digests=tuple(sorted({(path, digest) for path, digest in lines if digest})),
        risk=Risk(values.get("risk") or Risk.LOW),
    )


def _path(line: str) -> tuple[str, str]:
    path, _, digest = line.rpartition(" ")
    return (path.strip(), digest) if path and DIGEST.fullmatch(digest) else (line, "")


def _split(text: str, separator: str) -> list[str]:
    return [part.strip() for part in text.split(separator) if part.strip()]


def _starts(submission: Submission) -> Start:
    return Start(
        workspace=submission.workspace,
        by=submission.user,
        channel=ChannelId(submission.values.get("channel") or submission.remembered),
        service=submission.values["service"],
        version=submission.values["version"],
        note=submission.values["note"],
        kind=submission.values.get("kind") or NORMAL,
        manifest=_read_manifest(submission.values),
    )


def _changes(submission: Submission) -> Command:
    target = Target.read(submission.remembered)
    return ChangeManifest(
        workspace=submission.workspace,
        release=target.release,
        by=submission.user,
        bound=target.bound,
        version=submission.values["version"],
        manifest=_read_manifest(submission.values),
    )


START: Final = Form(
    callback=START_CALLBACK,
    means=_starts,
    field_of=lambda refused: FIELD_OF.get(refused.code, "service"),
)
CHANGE: Final = Form(
    callback=CHANGE_CALLBACK,
    means=_changes,
    field_of=lambda refused: FIELD_OF.get(refused.code, "version"),
)
