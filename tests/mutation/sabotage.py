"""Run the unit tests of the core against each of its mutants: `make sabotage`.

All tests are run once as the core is, to see which call which function. Then each mutant gets a process of its
own, in which one function has other code and only the tests that call it run, the quickest first, until one
fails. Properties, the exploration and the histories are left out: they take long, find something on one day and
not on the next, and a rule has to have a test that says it.

With words, only the mutants are tried that have one of them in the name:
`python -m tests.mutation.sabotage gates/result.py next_turn`.
"""

import gc
import importlib
import os
import pkgutil
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from functools import _lru_cache_wrapper
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Final

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import is_hypothesis_test

import bot.release
from tests.mutation.equivalents import EQUIVALENTS
from tests.mutation.mutants import Mutant, mutants_of

ROOT: Final = Path(__file__).resolve().parents[2]
CORE: Final = ROOT / "bot" / "release"
LIMIT: Final = 2
"""Seconds of work for one test, which takes a tenth of one as the core is: what goes on for ever is noticed."""
LEFT_OUT: Final = ("test_every_state.py", "test_histories.py")
PROCESSES: Final = os.cpu_count() or 1
SURVIVES, NOTICED, BROKEN = 0, 1, 2
"""How the process of a mutant ends: all tests passed, one failed, or they could not be run."""


class CannotTell(Exception):
    """The tests do not tell a mutant from the core: they fail as it is, or could not be run."""


class Sabotage:
    """The plugin that takes the place of pytest's loop, for the mutants that have one of `words` in the name."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        self.tried: set[str] = set()
        self.survivors: set[str] = set()
        self.trouble = "The tests did not run."

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave the properties out."""
        items[:] = [item for item in items if not is_hypothesis_test(getattr(item, "obj", None))]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all tests once as they are, then those that matter against each mutant."""
        every = (mutant for path in sorted(CORE.rglob("*.py")) for mutant in mutants_of(path, ROOT))
        mutants = [mutant for mutant in every if self.tries(mutant.name)]
        self.tried = {mutant.name for mutant in mutants}
        try:
            self.survivors = {mutant.name for mutant in _survivors(mutants, session.items)}
            self.trouble = "" if mutants else "No mutant has such a name."
        except CannotTell as trouble:
            self.trouble = str(trouble)
        return True

    def tries(self, name: str) -> bool:
        """Return whether a mutant of that name is looked at."""
        return not self.words or any(word in name for word in self.words)


def _functions() -> Iterator[tuple[tuple[str, str], FunctionType]]:
    """Return the functions of the core by the file and the name within it."""
    for module in pkgutil.walk_packages(bot.release.__path__, "bot.release."):
        importlib.import_module(module.name)
    for found in gc.get_objects():
        if isinstance(found, FunctionType) and found.__code__.co_filename.startswith(str(CORE)):
            yield (found.__code__.co_filename, found.__code__.co_qualname), found


def _calling(
    items: Sequence[pytest.Item], wanted: set[CodeType], caches: Sequence["_lru_cache_wrapper[object]"]
) -> dict[CodeType, list[pytest.Item]]:
    """Run the tests; return those that call each function, the quickest first."""
    called: set[CodeType] = set()
    took: dict[pytest.Item, float] = {}
    calling: defaultdict[CodeType, list[pytest.Item]] = defaultdict(list)

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code in wanted:
            called.add(frame.f_code)

    for item in items:
        called.clear()
        began = time.perf_counter()
        _forget(caches)
        sys.setprofile(note)
        passed = _passes(item)
        sys.setprofile(None)
        took[item] = time.perf_counter() - began
        if not passed:
            raise CannotTell(f"{item.nodeid} fails as the core is.")
        for code in called:
            calling[code].append(item)
    return {code: sorted(those, key=took.__getitem__) for code, those in calling.items()}


def _passes(item: pytest.Item) -> bool:
    return all(not report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def _passes_in_time(item: pytest.Item) -> bool:
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    return _passes(item)


def _forget(caches: Sequence["_lru_cache_wrapper[object]"]) -> None:
    """Empty every cache, so that a function is called where its answer was kept."""
    for cache in caches:
        cache.cache_clear()


def _survivors(mutants: Sequence[Mutant], items: Sequence[pytest.Item]) -> Iterator[Mutant]:
    """Return the mutants against which all tests pass."""
    functions = dict(_functions())
    caches = [found for found in gc.get_objects() if isinstance(found, _lru_cache_wrapper)]
    calling = _calling(items, {function.__code__ for function in functions.values()}, caches)
    # What is there stays there, so that no process looks through it, which would copy all of it.
    gc.freeze()
    gc.disable()
    running: dict[int, Mutant] = {}
    left = list(reversed(mutants))
    while left or running:
        while left and len(running) < PROCESSES:
            mutant = left.pop()
            function = functions[mutant.code.co_filename, mutant.function]
            process = os.fork()
            if not process:
                _try(mutant, function, calling.get(function.__code__, []), caches)
            running[process] = mutant
        process, status = os.wait()
        mutant = running.pop(process)
        if survives(mutant.name, status):
            yield mutant


def survives(name: str, status: int) -> bool:
    """Return whether all tests passed in a process that has ended with a status, as `os.wait` tells it."""
    outcome = os.waitstatus_to_exitcode(status)
    if outcome not in (SURVIVES, NOTICED, -signal.SIGPROF):
        raise CannotTell(f"The tests could not be run against {name}: {outcome}.")
    return outcome == SURVIVES


def _try(
    mutant: Mutant,
    function: FunctionType,
    items: Sequence[pytest.Item],
    caches: Sequence["_lru_cache_wrapper[object]"],
) -> None:
    """End this process as SURVIVES, NOTICED or BROKEN, or by the signal that comes when a test takes too long."""
    outcome = BROKEN
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        _forget(caches)
        function.__code__ = mutant.code
        outcome = SURVIVES if all(_passes_in_time(item) for item in items) else NOTICED
    finally:
        os._exit(outcome)


def told(tried: Set[str], survivors: Set[str], listed: Set[str]) -> Iterator[str]:
    """Return, of the mutants that were tried, what is wrong with the tests or with the list of equivalents."""
    for name in sorted(survivors - listed):
        yield f"No test notices: {name}"
    for name in sorted(listed - survivors):
        yield f"{'A test notices' if name in tried else 'Nothing is'} what is listed as equivalent: {name}"


def main(words: Sequence[str]) -> int:
    """Print what is to be mended, and return 0 where there is nothing."""
    plugin = Sabotage(words)
    left_out = [f"--ignore={ROOT / 'tests' / 'release' / name}" for name in LEFT_OUT]
    # Nobody reads how a test fails, so that its assertions are plain.
    options = [
        "-q",
        "-m",
        "not proof",
        "-p",
        "no:cacheprovider",
        "--inline-snapshot=disable",
        "--assert=plain",
    ]
    with Path(os.devnull).open("w", encoding="utf-8") as null:
        shown, sys.stdout = sys.stdout, null
        outcome = pytest.main([*left_out, *options, str(ROOT / "tests" / "release")], plugins=[plugin])
        sys.stdout = shown
    if outcome or plugin.trouble:
        print(plugin.trouble or f"The tests ended with {outcome!r}.", file=sys.stderr)
        return 2
    listed = set(filter(plugin.tries, EQUIVALENTS))
    found = list(told(plugin.tried, plugin.survivors, listed))
    print(
        f"{len(plugin.tried)} mutants, {len(plugin.survivors)} survive, {len(found)} to mend", file=sys.stderr
    )
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
