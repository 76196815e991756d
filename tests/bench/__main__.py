"""`make bench`: how long an acknowledgement takes, against a bare Bolt app that only acknowledges.

Everything is measured in one run, round by round, the cases of a round in random order. Other work on the
machine moves the milliseconds, so it is the ratios that count.
"""

import argparse
import asyncio
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil

from tests.bench.crowd import crowd
from tests.bench.load import Acknowledged, Server, pressed, together
from tests.bench.parts import commits_compared, cost_of_deciding, idle_tick_compared
from tests.bench.presses import write_runbooks
from tests.bench.subjects import Rollcall, rollcall, running
from tests.postgres import Unavailable, start

SEATS = 8
RELEASES = {1: 4, 16: 12}
"""For each number of people at once: in how many releases they press in one round."""
LONGEST_S = 90.0
"""No further round begins after this time, so that a busy machine is done in three minutes as well."""
BARE = "bare Bolt, process_before_response"
STOCK = "bare Bolt, as shipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One measurement, and what the bare app did just before and just after it."""

    it: Acknowledged
    bare: Acknowledged


@dataclass(slots=True)
class Case:
    """One server at one number of people at once, over all rounds."""

    name: str
    people: int
    rounds: list[Round] = field(default_factory=list)


class Bench:
    """The servers under measurement, and what was measured of them."""

    def __init__(
        self, bare: Server, stock: Server, rollcalls: Mapping[str, Rollcall], chance: random.Random
    ) -> None:
        self._bare = bare
        self._stock = stock
        self._rollcalls = rollcalls
        self._chance = chance
        self.cases = [Case(name, people) for people in RELEASES for name in (STOCK, *rollcalls)]

    async def round(self, services: Sequence[str]) -> None:
        """Measure each case once, in random order."""
        for case in self._chance.sample(self.cases, len(self.cases)):
            these = services[: RELEASES[1]] if case.people == 1 else services[RELEASES[1] :]
            case.rounds.append(await self._measured(case, these))

    def forget(self) -> None:
        """Forget what was measured so far."""
        for case in self.cases:
            case.rounds.clear()

    async def _measured(self, case: Case, services: Sequence[str]) -> Round:
        asked = self._rollcalls.get(case.name) or self._chance.choice(list(self._rollcalls.values()))
        requests = await asked.approvals(services)
        self._chance.shuffle(requests)
        before = await pressed(self._bare, requests, case.people)
        if case.name == STOCK:
            it = await pressed(self._stock, requests, case.people)
        else:
            it = await asked.pressed(requests, case.people)
        after = await pressed(self._bare, requests, case.people)
        if case.name != STOCK:
            await asked.settled()
        return Round(it=it, bare=together([before, after]))


async def bench(rounds: int, seed: int) -> None:
    """Measure, and print."""
    chance = random.Random(seed)
    print(f"seed {seed}; {_machine()}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        await _over_http(Path(folder), rounds, chance)
        await _parts(Path(folder), chance)


async def _over_http(folder: Path, rounds: int, chance: random.Random) -> None:
    in_round = sum(RELEASES.values())
    services = [f"s{number:03}" for number in range(in_round * (rounds + 1))]
    async with _bench(folder, services, chance) as measuring:
        enough = time.monotonic() + LONGEST_S
        for number in range(rounds + 1):
            await measuring.round(services[number * in_round :][:in_round])
            if number == 0:
                # The first round warms everything up.
                measuring.forget()
            elif time.monotonic() > enough:
                break
    _print_table(measuring.cases)


@asynccontextmanager
async def _bench(folder: Path, services: Sequence[str], chance: random.Random) -> AsyncIterator[Bench]:
    people = crowd(SEATS)
    write_runbooks(folder / "runbooks", services, people)
    async with AsyncExitStack() as stack:
        bare = await stack.enter_async_context(running("-m", "tests.bench.bare", "quick"))
        stock = await stack.enter_async_context(running("-m", "tests.bench.bare", "default"))
        rollcalls = {
            name: await stack.enter_async_context(rollcall(url, folder / "runbooks", people))
            for name, url in _databases(folder, stack)
        }
        await asyncio.gather(*(each.open(services) for each in rollcalls.values()))
        yield Bench(bare, stock, rollcalls, chance)


def _databases(folder: Path, stack: AsyncExitStack) -> Iterator[tuple[str, str]]:
    yield "Rollcall on SQLite", f"sqlite:///{folder / 'ledger.db'}"
    server = start(durable=True)
    if isinstance(server, Unavailable):
        print(f"Skipped: Rollcall on PostgreSQL ({' '.join(server.reason.split())})")
        return
    stack.callback(server.stop)
    yield "Rollcall on PostgreSQL", server.create_database()


def _print_table(cases: Sequence[Case]) -> None:
    print("\nAcknowledging a press of Approve. The ratios are to the bare app with process_before_response,")
    print(f"which was measured just before and just after each case, in {len(cases[0].rounds)} rounds.")
    print(
        f"{'':36}{'people':>8}{'p50 ms':>8}{'p99 ms':>8}{'req/s':>8}{'CPU ms':>8}{'p50':>9}{'p99':>7}{'req/s':>8}{'CPU':>7}"
    )
    for people in RELEASES:
        mine = [case for case in cases if case.people == people]
        bare = [one.bare for case in mine for one in case.rounds]
        _print_row(Case(BARE, people, [Round(it=one, bare=one) for one in bare]))
        for case in mine:
            _print_row(case)


def _print_row(case: Case) -> None:
    it, bare = together([one.it for one in case.rounds]), together([one.bare for one in case.rounds])
    p50 = median(one.it.p50 / one.bare.p50 for one in case.rounds)
    rate = median(one.it.per_second / one.bare.per_second for one in case.rounds)
    measured = f"{it.p50:>8.2f}{it.p99:>8.2f}{it.per_second:>8.0f}{it.cpu_ms:>8.2f}"
    ratios = f"{p50:>8.2f}x{it.p99 / bare.p99:>6.2f}x{rate:>7.2f}x{it.cpu_ms / bare.cpu_ms:>6.2f}x"
    print(f"{case.name:36}{case.people:>8}{measured}{ratios}", flush=True)


async def _parts(folder: Path, chance: random.Random) -> None:
    (folder / "parts").mkdir()
    cost = cost_of_deciding()
    print("\nParts, in process")
    print(
        f"decide one Approve, 50 people, 200 events: {cost.decide_us:.0f} us; fold of 200: {cost.fold_us:.0f} us"
    )
    for name, us in cost.machines_us.items():
        print(
            f"one transition of {name}: {us:.1f} us; deciding takes {cost.decide_us / us:.0f} times as long"
        )
    commits = await commits_compared(folder / "parts", chance)
    print(f"clicks kept a second at 64 waiting, to plain sqlite3 one commit a click: {commits:.2f}")
    tick = await idle_tick_compared(folder / "parts", chance, 1_000, 20_000)
    print(f"an idle tick with 20,000 open releases, to one with 1,000: {tick:.2f}", flush=True)


def _machine() -> str:
    load = " ".join(f"{one:.1f}" for one in psutil.getloadavg())
    python, disk = platform.python_version(), _file_system(Path(tempfile.gettempdir()))
    return f"{os.cpu_count()} cores, load {load}, {platform.machine()}, Python {python}, files on {disk}"


def _file_system(folder: Path) -> str:
    """Return the type of the file system: on tmpfs, nothing is durable, and so nothing is measured."""
    mounted = {Path(one.mountpoint): one.fstype for one in psutil.disk_partitions(all=True)}
    return next((mounted[path] for path in (folder, *folder.parents) if path in mounted), "an unknown disk")


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    options = parser.parse_args()
    asyncio.run(bench(options.rounds, options.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
