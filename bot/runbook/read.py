"""Runbooks read from files: extended, validated, and known by the service that each names."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from bot.runbook.explain import explain
from bot.runbook.model import SERVICE_KEY, Runbook
from bot.runbook.problems import Problem, RunbookError, UnknownService, did_you_mean, found, nearest
from bot.runbook.strict_yaml import SIZE_LIMIT, Mark, Pairs, Text, Tree, parse, plain

ENDINGS = (".yaml", ".yml")
# These say which service a file is for, so a file that extends another does not inherit them.
OWN_KEYS = ("extends", "service", "repository")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Tell whether a file is still the one that was read."""

    path: Path
    modified_ns: int
    size: int

    def is_current(self) -> bool:
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
    """What one file came to: its layers as far as they could be read, and its runbook or its problems."""

    path: Path
    layers: tuple[Layer, ...]
    outcome: Runbook | RunbookError

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
        return isinstance(self.outcome, Runbook) and all(layer.stamp.is_current() for layer in self.layers)


def read_runbook(path: Path) -> Runbook:
    """Read a runbook and the runbooks that it extends.

    Raises RunbookError with all problems of the file.
    """
    return _only(_read(path).outcome)


class Runbooks:
    """The runbooks of a folder, read again when a file has changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._readings: dict[Path, Reading] = {}

    def services(self) -> tuple[str, ...]:
        """Return the services that runbooks name, sorted; the runbook of one may still have problems.

        Raises RunbookError when the folder cannot be read.
        """
        return tuple(sorted({reading.service.value for reading in self._read_all() if reading.service}))

    def for_service(self, key: str) -> Runbook:
        """Return the runbook that names this service.

        Raises UnknownService, or RunbookError when its runbook has problems or two name the service.
        """
        readings = [reading for reading in self._read_all() if reading.is_for(key)]
        if not readings:
            raise UnknownService(key, nearest(key, self.services()))
        if shared := tuple(_shared_services(readings)):
            raise RunbookError(shared)
        return _only(readings[0].outcome)

    def check(self) -> list[Problem]:
        """Return the problems of all runbooks of the folder; what is wrong with a base is said once."""
        try:
            readings = self._read_all()
        except RunbookError as error:
            return list(error.problems)
        broken = [reading.outcome for reading in readings if isinstance(reading.outcome, RunbookError)]
        own = [problem for error in broken for problem in error.problems]
        return list(dict.fromkeys([*own, *_shared_services(readings)]))

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


def _only(outcome: Runbook | RunbookError) -> Runbook:
    if isinstance(outcome, RunbookError):
        raise outcome
    return outcome


def _read(path: Path) -> Reading:
    layers: list[Layer] = []
    try:
        for layer in _layers(path):
            layers += [layer]  # One by one, so that those before a broken one are kept.
        outcome: Runbook | RunbookError = _validated(_combined(layers))
    except RunbookError as error:
        outcome = error
    return Reading(path=path, layers=tuple(layers), outcome=outcome)


def _validated(tree: Pairs) -> Runbook:
    try:
        return Runbook.model_validate(plain(tree))
    except ValidationError as fault:
        raise RunbookError(explain(fault, tree)) from None


def _combined(layers: Sequence[Layer]) -> Pairs:
    """Lay each file over the one that it extends."""
    own, *bases = [layer.tree for layer in layers]
    tree = own.without("extends")
    for base in bases:
        tree = _merged(base.without(*OWN_KEYS), tree)
    return tree


def _merged(base: Pairs, own: Pairs, levels: int = 2) -> Pairs:
    """Merge the top level, and the mappings in it, key by key; what lies deeper is replaced.

    So a role that is bound anew loses its old binding.
    """
    pairs = {key.value: (key, value) for key, value in base.pairs}
    for key, value in own.pairs:
        _, before = pairs.get(key.value, (None, None))
        if levels > 1 and isinstance(before, Pairs) and isinstance(value, Pairs):
            value = _merged(before, value, levels - 1)
        pairs[key.value] = (key, value)
    return Pairs(pairs=tuple(pairs.values()), mark=own.mark)


def _layers(path: Path) -> Iterator[Layer]:
    """Read the file, the one that it extends, and so on."""
    seen: list[Path] = []
    while True:
        layer = _layer(path)
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


def _layer(path: Path) -> Layer:
    try:
        stamp = _stamp(path)
        content = _content(path)
    except OSError as fault:
        raise RunbookError([_start(path).problem("", f"cannot be read: {fault.strerror}")]) from None
    return Layer(stamp=stamp, tree=parse(content, path.as_posix()))


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
