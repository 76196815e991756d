"""Run the unit tests of the core against each of its mutants: `make sabotage`.

All tests are collected and run once, to see which call which function. Then each mutant gets a process of its
own, in which one function has other code and only the tests that call it run, the quickest first. The
exploration and the histories are left out: they take long, and a rule has to have a test that says it.
"""

import gc
import importlib
import os
import pkgutil
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import _lru_cache_wrapper
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Final

import pytest
from _pytest.runner import runtestprotocol

import bot.release
from tests.mutation.mutants import Mutant, mutants_of

ROOT: Final = Path(__file__).resolve().parents[2]
CORE: Final = ROOT / "bot" / "release"
LIMIT: Final = 10
"""Seconds for one test, which takes less than one as the core is: a mutant that goes on for ever is noticed."""
LEFT_OUT: Final = ("test_every_state.py", "test_histories.py")
PROCESSES: Final = os.cpu_count() or 1


class Sabotage:
    """The plugin that takes the place of pytest's loop."""

    survivors: Sequence[str] = ()
    mutants: int = 0
    endless: int = 0

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all tests once as they are, then those that matter against each mutant."""
        functions = dict(_functions())
        caches = [found for found in gc.get_objects() if isinstance(found, _lru_cache_wrapper)]
        calling = _calling(session.items, {function.__code__ for function in functions.values()}, caches)
        mutants = [mutant for path in sorted(CORE.rglob("*.py")) for mutant in mutants_of(path, ROOT)]
        self.mutants = len(mutants)
        survivors = []
        for mutant, status in _outcomes(mutants, functions, calling, caches):
            if status == 0:
                survivors.append(mutant.name)
            self.endless += os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM
        self.survivors = survivors
        return True


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
            raise SystemExit(f"{item.nodeid} fails as the core is.")
        for code in called:
            calling[code].append(item)
    return {code: sorted(those, key=took.__getitem__) for code, those in calling.items()}


def _passes(item: pytest.Item) -> bool:
    return all(not report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def _passes_in_time(item: pytest.Item) -> bool:
    signal.alarm(LIMIT)
    return _passes(item)


def _forget(caches: Sequence["_lru_cache_wrapper[object]"]) -> None:
    """Empty every cache, so that a function is called where its answer was kept."""
    for cache in caches:
        cache.cache_clear()


def _outcomes(
    mutants: Sequence[Mutant],
    functions: dict[tuple[str, str], FunctionType],
    calling: dict[CodeType, list[pytest.Item]],
    caches: Sequence["_lru_cache_wrapper[object]"],
) -> Iterator[tuple[Mutant, int]]:
    """Return each mutant with what `os.wait` said of the process that tried it."""
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
        yield running.pop(process), status


def _try(
    mutant: Mutant,
    function: FunctionType,
    items: Sequence[pytest.Item],
    caches: Sequence["_lru_cache_wrapper[object]"],
) -> None:
    """End this process: with 0 when all tests pass, with anything else when one does not."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    try:
        _forget(caches)
        function.__code__ = mutant.code
        noticed = not all(_passes_in_time(item) for item in items)
    except BaseException:  # noqa: BLE001, whatever it is, the sabotage was noticed
        noticed = True
    os._exit(1 if noticed else 0)


def main() -> int:
    """Print each survivor on a line; return 0."""
    plugin = Sabotage()
    left_out = [f"--ignore={ROOT / 'tests' / 'release' / name}" for name in LEFT_OUT]
    options = [*left_out, "-q", "-m", "not proof", "-p", "no:cacheprovider", "--inline-snapshot=disable"]
    with Path(os.devnull).open("w", encoding="utf-8") as null:
        shown, sys.stdout = sys.stdout, null
        outcome = pytest.main([*options, str(ROOT / "tests" / "release")], plugins=[plugin])
        sys.stdout = shown
    if outcome or not plugin.mutants:
        print(f"The tests did not run: {outcome!r}", file=sys.stderr)
        return 2
    print(
        f"{plugin.mutants} mutants, {len(plugin.survivors)} survive, {plugin.endless} go on for ever",
        file=sys.stderr,
    )
    for survivor in sorted(plugin.survivors):
        print(survivor)
    return 0


if __name__ == "__main__":
    sys.exit(main())
