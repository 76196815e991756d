"""Runbooks read from files: extended, validated, and known by the service that each names."""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.runbook.files.layers import combined, runbooks_of
from bot.runbook.files.strict_yaml import SIZE_LIMIT, Mark, Pairs, Text, Tree, parse, plain
from bot.runbook.model import NORMAL, Runbook
from bot.runbook.problems import (
    Problem,
    RunbookError,
    UnknownKind,
    UnknownService,
    did_you_mean,
    found,
    nearest,
)
from bot.runbook.values import SERVICE_KEY

log = logging.getLogger(__name__)

ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Tell whether a file is still the one that was read."""

    path: Path
    modified_ns: int
    size: int

    def is_current(self) -> bool:
        """Tell whether the file was not written since."""
        try:
            return _stamp(self.path) == self
        except OSError:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One file of a runbook: the file itself, or one that it extends."""

    stamp: Stamp
    tree: Pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one file came to: its layers as far as they could be read, and its runbooks or its problems.

    There is a runbook for each kind of release, the normal one first.
    """

    path: Path
    layers: tuple[Layer, ...]
    outcome: tuple[Runbook, ...] | RunbookError

    @property
    def service(self) -> Text | None:
        """Return the service that the file names, whether or not the rest of it is right."""
        named = self.layers[0].tree.get("service") if self.layers else None
        return named if isinstance(named, Text) and re.fullmatch(SERVICE_KEY, named.value) else None

    def is_for(self, key: str) -> bool:
        """Tell whether the file is for the service; one that cannot be read goes by its own name."""
        if not self.layers:
            return self.path.stem == key
        return self.service is not None and self.service.value == key

    def is_current(self) -> bool:
        """Tell whether reading again would come to the same; problems are looked at anew each time."""
        return not isinstance(self.outcome, RunbookError) and all(
            layer.stamp.is_current() for layer in self.layers
        )


def read_runbook(path: Path, kind: str = NORMAL) -> Runbook:
    """Read a runbook and the runbooks that it extends, for one kind of release.

    Raises RunbookError with all problems of the file, or UnknownKind.
    """
    return _for_kind(_read(path).outcome, kind)


def read_layer(path: Path) -> Layer:
    """Read one file. Raises RunbookError when it cannot be read, or is not plain YAML."""
    try:
        stamp = _stamp(path)
        content = _content(path)
    except OSError as fault:
        raise RunbookError([_start(path).problem("", f"cannot be read: {fault.strerror}")]) from None
    return Layer(stamp=stamp, tree=parse(content, path.as_posix()))


class Runbooks:
    """The runbooks of a folder, read again when a file has changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._readings: dict[Path, Reading] = {}
        self._logged: set[Problem] = set()

    def services(self) -> tuple[str, ...]:
        """Return the services that runbooks name, sorted; the runbook of one may still have problems.

        Raises RunbookError when the folder cannot be read.
        """
        return tuple(sorted({reading.service.value for reading in self._read_all() if reading.service}))

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of release that some runbook of a service knows, `normal` first.

        Raises RunbookError when the folder cannot be read.
        """
        usable = (
            r.outcome for r in self._read_all() if r.service and not isinstance(r.outcome, RunbookError)
        )
        return tuple(dict.fromkeys([NORMAL, *(runbook.kind for outcome in usable for runbook in outcome)]))

    def for_service(self, key: str, kind: str = NORMAL) -> Runbook:
        """Return the runbook that names this service, for one kind of release.

        Raises UnknownService, RunbookError when its runbook has problems or two name the service, or
        UnknownKind.
        """
        readings = [reading for reading in self._read_all() if reading.is_for(key)]
        if not readings:
            raise UnknownService(key, nearest(key, self.services()))
        if shared := tuple(_shared_services(readings)):
            raise RunbookError(shared)
        return _for_kind(readings[0].outcome, kind)

    def check(self) -> list[Problem]:
        """Return the problems of all runbooks of the folder; what is wrong with a base is said once."""
        try:
            readings = self._read_all()
        except RunbookError as error:
            return list(error.problems)
        broken = [reading.outcome for reading in readings if isinstance(reading.outcome, RunbookError)]
        own = [problem for error in broken for problem in error.problems]
        return list(dict.fromkeys([*own, *_shared_services(readings)]))

    def log_once(self, problems: Iterable[Problem]) -> None:
        """Log the problems of runbooks that were to be used, each once, however often it is met."""
        for problem in problems:
            if problem not in self._logged:
                self._logged.add(problem)
                log.error("A runbook cannot be used: %s", problem)

    def _read_all(self) -> list[Reading]:
        # Several threads may read at once, so what is known is put in place as a whole.
        known, readings = self._readings, dict[Path, Reading]()
        for path in runbook_files(self.folder):
            before = known.get(path)
            readings[path] = before if before and before.is_current() else _read(path)
        self._readings = readings
        return list(readings.values())


def runbook_files(folder: Path) -> list[Path]:
    """Return the YAML files of a folder, sorted.

    Raises RunbookError when the folder cannot be read.
    """
    try:
        return sorted(p for p in folder.iterdir() if p.suffix in ENDINGS and not p.name.startswith("."))
    except OSError as fault:
        raise RunbookError([_start(folder).problem("", f"cannot be read: {fault.strerror}")]) from None


def _shared_services(readings: Sequence[Reading]) -> Iterator[Problem]:
    first: dict[str, Mark] = {}
    for service in filter(None, (reading.service for reading in readings)):
        known = first.setdefault(service.value, service.mark)
        if known != service.mark:
            message = f"the service {found(service.value)} already has a runbook, {known.file}:{known.line}"
            yield service.mark.problem("service", message)


def _for_kind(outcome: tuple[Runbook, ...] | RunbookError, kind: str) -> Runbook:
    if isinstance(outcome, RunbookError):
        raise outcome
    by_kind = {runbook.kind: runbook for runbook in outcome}
    if kind not in by_kind:
        raise UnknownKind(kind, tuple(by_kind), nearest(kind, by_kind))
    return by_kind[kind]


def _read(path: Path) -> Reading:
    layers: list[Layer] = []
    try:
        for layer in _layers(path):
            layers += [layer]  # One by one, so that those before a broken one are kept.
        outcome: tuple[Runbook, ...] | RunbookError = runbooks_of(combined([layer.tree for layer in layers]))
    except RunbookError as error:
        outcome = error
    return Reading(path=path, layers=tuple(layers), outcome=outcome)


def _layers(path: Path) -> Iterator[Layer]:
    """Read the file, the one that it extends, and so on."""
    seen: list[Path] = []
    while True:
        layer = read_layer(path)
        yield layer
        seen.append(path)
        extends = layer.tree.get("extends")
        if extends is None:
            return
        path = _base(extends, seen)


def _base(extends: Tree, seen: Sequence[Path]) -> Path:
    """Return the file that the last one seen extends."""
    name = extends.value if isinstance(extends, Text) else ""
    siblings = {path.stem: path for path in reversed(runbook_files(seen[-1].parent))}
    base = siblings.get(name)
    if base is None:
        others = [stem for stem in sorted(siblings) if stem != seen[-1].stem]
        meant = did_you_mean(nearest(name, others))
        expected = f"expected the name of a runbook beside this one ({', '.join(others) or 'there is none'})"
        message = f"{expected}, found {found(plain(extends))}{meant}"
        raise RunbookError([extends.mark.problem("extends", message)])
    if base in seen:
        circle = " extends ".join(path.stem for path in (*seen[seen.index(base) :], base))
        raise RunbookError([extends.mark.problem("extends", f"goes in a circle: {circle}")])
    return base


def _content(path: Path) -> bytes:
    """Read as much of the file as shows whether it is too large."""
    if not path.is_file():
        # Opening a pipe would wait for its writer.
        raise OSError(0, "it is not a file")
    with path.open("rb") as file:
        return file.read(SIZE_LIMIT + 1)


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return Stamp(path=path, modified_ns=status.st_mtime_ns, size=status.st_size)


def _start(path: Path) -> Mark:
    return Mark(file=path.as_posix(), line=1, column=1)
