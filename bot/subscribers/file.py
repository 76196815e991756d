"""The file that names the subscribers, read strictly: what is wrong in it is told with its place."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, ValidationError, model_validator

from bot.runbook.files.explain import explain
from bot.runbook.files.strict_yaml import SIZE_LIMIT, parse, plain
from bot.runbook.parts import Few, Part, distinct, fault
from bot.runbook.problems import RunbookError, did_you_mean, found, nearest
from bot.runbook.values import ServiceKey, line, names_host, names_user, shaped
from bot.signing import Key
from bot.subscribers.cloud_event import KINDS, PREFIX
from bot.subscribers.subscriber import Subscriber

ANEW: Final = "Make one: echo whsec_$(openssl rand -base64 32)"


class Unusable(Exception):
    """The subscribers cannot be read; each line of the message names a place and what would be right."""


def _address(url: str) -> str:
    if names_user(url):
        raise fault("expected an address that names no user; what is sent is signed with the secret")
    if not names_host(url) or re.search(r"[\s\\]", url):
        raise fault(f"expected an address such as https://example.com/rollcall, found {found(url)}")
    if urlsplit(url).fragment:
        raise fault("expected an address without #, which is sent to nobody")
    return url


def _kind(word: str) -> str:
    if (known := KINDS.get(word.removeprefix(PREFIX))) is None:
        meant = did_you_mean(nearest(word, KINDS))
        raise fault(f"expected a kind of event such as approved or stage_began, found {found(word)}{meant}")
    return known


Name = Annotated[
    str, shaped("[a-z][a-z0-9-]{0,39}", "a name such as deploy-log: small letters, digits and -")
]


class Entry(Part):
    """One subscriber, as the file has it."""

    url: Annotated[str, line(500), AfterValidator(_address)]
    """Where events are sent: an address of https, or of http within one's own network."""
    secret_env: Annotated[str, shaped("[A-Z][A-Z0-9_]*", "the name of an environment variable")] | None = None
    """The environment variable with the secret that signs them, `whsec_` and base64."""
    secret_file: Annotated[str, line(500)] | None = None
    """Or the file with it."""
    services: Annotated[tuple[ServiceKey, ...], Few(1, 200), distinct()] | None = None
    """The services that it hears of, by their keys."""
    kinds: Annotated[tuple[Annotated[str, AfterValidator(_kind)], ...], Few(1, 200), distinct()] | None = None
    """The kinds of events that it hears of, such as `approved`: the last words of their types."""

    @model_validator(mode="after")
    def _has_one_secret(self) -> Self:
        if (self.secret_env is None) == (self.secret_file is None):
            raise fault("expected one of secret_env and secret_file")
        return self


class NoKey(Exception):
    """There is no secret to sign with; the message says why."""


class Entries(Part):
    """The file."""

    subscribers: Mapping[Name, Entry]
    """The subscribers, by name."""


def read_subscribers(path: Path, environment: Mapping[str, str]) -> Sequence[Subscriber]:
    """Return the subscribers that a file names, with their secrets. Raises Unusable."""
    entries = _entries(path)
    subscribers: list[Subscriber] = []
    problems: list[str] = []
    for name, entry in entries.subscribers.items():
        try:
            subscribers.append(_subscriber(name, entry, path.parent, environment))
        except NoKey as trouble:
            problems.append(f"{path}: subscribers.{name}: {trouble}")
    if problems:
        raise Unusable("\n".join(problems))
    return subscribers


def _entries(path: Path) -> Entries:
    try:
        tree = parse(_content(path), path.as_posix())
    except RunbookError as trouble:
        raise Unusable(str(trouble)) from None
    except OSError as trouble:
        raise Unusable(f"{path} cannot be read: {trouble.strerror}") from None
    try:
        return Entries.model_validate(plain(tree))
    except ValidationError as trouble:
        raise Unusable("\n".join(map(str, explain(trouble, tree, Entries)))) from None


def _subscriber(name: str, entry: Entry, folder: Path, environment: Mapping[str, str]) -> Subscriber:
    if entry.secret_env is not None:
        place, text = entry.secret_env, environment.get(entry.secret_env, "")
    else:
        place, text = str(entry.secret_file), _secret(folder / str(entry.secret_file))
    try:
        keys = tuple(map(Key.read, text.split()))
    except ValueError as trouble:
        raise NoKey(f"{place} holds no secret: {trouble}") from None
    if not keys:
        raise NoKey(f"{place} is not set, or empty. {ANEW}")
    return Subscriber(
        name=name,
        url=entry.url,
        keys=keys,
        services=frozenset(entry.services or ()),
        kinds=frozenset(entry.kinds or ()),
    )


def _secret(path: Path) -> str:
    """Return what stands in the file of a secret; a path that is not absolute begins beside the file."""
    try:
        return _content(path).decode("ascii")
    except OSError as trouble:
        raise NoKey(f"{path} cannot be read: {trouble.strerror}") from None
    except UnicodeDecodeError:
        raise NoKey(f"{path} holds no secret: it is not text. {ANEW}") from None


def _content(path: Path) -> bytes:
    """Read as much of a file as shows whether it is too large."""
    if path.is_fifo():
        # Opening a pipe would wait for its writer.
        raise OSError(0, "it is not a file")
    with path.open("rb") as file:
        return file.read(SIZE_LIMIT + 1)
