"""The command `rollcall`."""

import argparse
import asyncio
import json
import logging
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from datetime import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from bot.app import running
from bot.clock import Clock, MovableClock, SystemClock
from bot.doctor import doctor
from bot.ledger.database import Database
from bot.ledger.schema import UnusableDatabase, upgrade
from bot.ledger.verify import EventsMissing, count, rebuild, verify
from bot.release.people.hours import Hours
from bot.runbook.files.lint import lint
from bot.runbook.files.schema import json_schema
from bot.runbook.values import DURATION, SECONDS
from bot.settings import Misconfigured, Settings, read_settings
from bot.simulate.command import add_options, simulate
from bot.slack.errors import TokenRefused
from bot.slack.manifest import manifest_json
from bot.sources.people import PeopleFile
from bot.web.wait import Wait

log = logging.getLogger(__name__)

PRACTICE_FOLDER: Final = Path(".rollcall")
"""Where the practice Slack and its ledger are kept."""
SQLITE: Final = "sqlite:///"
PRACTICE_LEDGER: Final = PRACTICE_FOLDER / "ledger.db"
PRACTICE_URL: Final = f"{SQLITE}{PRACTICE_LEDGER}"
OFFICE: Final = Hours(zone="UTC", begins=time(8), ends=time(14))
"""When those who test in the practice Slack are at work, with some hours of the day left to move through."""
PRACTICE_SETTLE_S: Final = 3.0
"""The practice Slack stores late by one second at most, where it is told to."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code: 0 for well, 1 for what was found wrong, 2 for misuse."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.does(options)
    except (Misconfigured, UnusableDatabase, EventsMissing, TokenRefused, OSError, ValueError) as trouble:
        print(f"rollcall: {trouble}", file=sys.stderr)
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="rollcall", description="Run releases from Slack.")
    parser.add_argument("--version", action="version", version=f"rollcall {_version()}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, does: Callable[[argparse.Namespace], int], summary: str
    ) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=summary, description=summary)
        one.set_defaults(does=does)
        return one

    command("run", _run, "serve the workspace whose tokens are set; without tokens, start the practice Slack")
    command("serve", _serve, "serve the workspace whose tokens are set")
    practice = command("practice", _practice, "start a practice Slack in the browser, and Rollcall in it")
    practice.add_argument("--fresh", action="store_true", help="forget what was practised before")
    manifest = command("manifest", _manifest, "print the Slack app to install, made from the code")
    manifest.add_argument("--url", default="", help="where Slack can reach Rollcall over HTTP; else a socket")
    linting = command("lint", _lint, "check runbooks")
    linting.add_argument(
        "paths", nargs="*", type=Path, help="files or folders; the runbooks where none is named"
    )
    command("schema", _schema, "print the JSON Schema of runbooks, by which editors complete and check them")
    add_options(command("simulate", _simulate, "play a release beforehand, with people who take their time"))
    command(
        "doctor", _doctor, "look for what would stand in the way: token, scopes, channels, database, clock"
    )
    waiting = command(
        "wait", _wait, "wait in a pipeline until a stage of a release has begun, or it is completed"
    )
    waiting.add_argument("release", help="the key of the release, such as checkout-42; or a service")
    waiting.add_argument("version", nargs="?", default="", help="the version, where a service was named")
    waiting.add_argument(
        "--stage", default="", help="the stage that is to have begun; else all of it is done"
    )
    waiting.add_argument("--timeout", type=_seconds, default="2h", help="such as 90s, 30m or 2h (2h)")
    waiting.add_argument("--url", default="", help="where Rollcall is; else ROLLCALL_URL")
    command("verify", _verify, "check that the ledger is unbroken and that every row is what its events say")
    command("rebuild", _rebuild, "make every row anew from the events; stop Rollcall first")
    return parser


def _version() -> str:
    try:
        return version("rollcall")
    except PackageNotFoundError:
        return "from source"


def _run(options: argparse.Namespace) -> int:
    settings = read_settings()
    tokens = settings.slack_bot_token, settings.slack_app_token, settings.slack_signing_secret
    if any(token.get_secret_value() for token in tokens):
        return _serve(options)
    print("No Slack tokens are set, so this is the practice Slack.")
    return _practice(argparse.Namespace(fresh=False))


def _serve(options: argparse.Namespace) -> int:
    settings = read_settings()
    _log(settings)
    return asyncio.run(_until_stopped(settings, SystemClock()))


async def _until_stopped(settings: Settings, clock: Clock) -> int:
    _stop_on_signals()
    with suppress(asyncio.CancelledError):
        async with running(settings, clock) as rollcall:
            print(f"Rollcall serves {rollcall.workspace} by {rollcall.transport}.", flush=True)
            print(f"Health: {rollcall.address}/healthz", flush=True)
            await asyncio.Event().wait()
    return 0


def _practice(options: argparse.Namespace) -> int:
    settings = read_settings()
    _log(settings)
    return asyncio.run(_practise(settings, options.fresh))


async def _practise(settings: Settings, fresh: bool) -> int:
    # Only this command needs the practice Slack, so only it pays for importing it.
    from bot.practice import APP_TOKEN, BOT_TOKEN, Practice
    from bot.practice.sample import CHECKOUTS, COMMANDS, lay_out

    if fresh:
        shutil.rmtree(PRACTICE_FOLDER, ignore_errors=True)
    PRACTICE_FOLDER.mkdir(exist_ok=True)
    if not await asyncio.to_thread(lay_out, PRACTICE_FOLDER):
        log.warning("There is no git here, so the storefront cannot be deployed.")
    _stop_on_signals()
    clock = MovableClock()
    practice = Practice(clock, PRACTICE_FOLDER / "slack.json")
    port = 3000 if settings.port is None else settings.port
    with suppress(asyncio.CancelledError):
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(practice.serving(port=port))
            except OSError:
                raise Misconfigured(
                    f"The port {port} is taken. Choose another one: PORT={port + 1}"
                ) from None
            begin_at_work(clock)
            inside = settings.model_copy(
                update={
                    "slack_bot_token": SecretStr(BOT_TOKEN),
                    "slack_app_token": SecretStr(APP_TOKEN),
                    "slack_api_url": practice.api_url,
                    "database_url": PRACTICE_URL,
                    "port": 0,
                    "rollcall_commands": settings.rollcall_commands or PRACTICE_FOLDER / COMMANDS,
                    "rollcall_checkouts": settings.rollcall_checkouts or PRACTICE_FOLDER / CHECKOUTS,
                    "rollcall_runs": PRACTICE_FOLDER / "runs",
                    "rollcall_poll": 0.5,
                    "rollcall_tick": 1.0,
                    "rollcall_settle": PRACTICE_SETTLE_S,
                }
            )
            rollcall = await stack.enter_async_context(running(inside, clock))
            print(f"Rollcall itself, where runs report, is at {rollcall.address}.")
            print(f"The practice Slack is at {practice.url} (stop it with Ctrl+C).", flush=True)
            await asyncio.Event().wait()
    return 0


def begin_at_work(clock: MovableClock) -> None:
    """Move the time to the next morning where it is night: people are reminded when they are at work."""
    now = clock.now()
    clock.advance(OFFICE.next_at_work(now) - now)


def _stop_on_signals() -> None:
    """Cancel the running task when the process is asked to stop, so that all it has opened is closed."""
    task = asyncio.current_task()
    assert task is not None
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, task.cancel)


def _manifest(options: argparse.Namespace) -> int:
    print(manifest_json(read_settings().rollcall_command, options.url))
    return 0


def _lint(options: argparse.Namespace) -> int:
    if options.paths:
        return lint(options.paths, sys.stdout)
    settings = read_settings()
    problems = PeopleFile(settings.rollcall_authors).problems()
    print(*problems, sep="\n", end="\n" if problems else "")
    return max(lint([settings.rollcall_runbooks], sys.stdout), 1 if problems else 0)


def _schema(options: argparse.Namespace) -> int:
    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0


def _simulate(options: argparse.Namespace) -> int:
    return simulate(options, sys.stdout)


def _doctor(options: argparse.Namespace) -> int:
    return doctor(read_settings(), SystemClock(), sys.stdout)


def _wait(options: argparse.Namespace) -> int:
    settings = read_settings()
    url, token = options.url or settings.rollcall_url, settings.rollcall_api_token.get_secret_value()
    if not url or not token:
        raise Misconfigured("Say where Rollcall is, by --url or ROLLCALL_URL, and set ROLLCALL_API_TOKEN.")
    wait = Wait(url, token)
    return asyncio.run(wait.until(options.release, options.version, options.stage, options.timeout))


def _seconds(text: str) -> float:
    if (written := re.fullmatch(DURATION, text)) is None:
        raise argparse.ArgumentTypeError(f"{text} is no time such as 90s, 30m or 2h")
    return float(int(written[1]) * SECONDS[written[2]])


def _verify(options: argparse.Namespace) -> int:
    with _database() as database:
        faults = asyncio.run(database.read(verify))
        counts = asyncio.run(database.read(count))
        where = database.url.render_as_string()
    well = f"The ledger at {where} is unbroken, and every row is what its events say: {counts}."
    print("\n".join(faults) or well)
    if where != PRACTICE_URL and PRACTICE_LEDGER.is_file():
        print(f"What was practised is in a ledger of its own: DATABASE_URL={PRACTICE_URL}")
    return 1 if faults else 0


def _rebuild(options: argparse.Namespace) -> int:
    with _database() as database:
        count = asyncio.run(database.write(rebuild))
    print(f"The rows of {count} releases were made anew from their events.")
    return 0


@contextmanager
def _database() -> Iterator[Database]:
    url = read_settings().database_url
    # What is to be looked at must be there: a new ledger would be empty, and unbroken.
    if url.startswith(SQLITE) and not Path(url.removeprefix(SQLITE)).is_file():
        raise UnusableDatabase(
            f"There is no ledger at {url}. Name it by DATABASE_URL; what was practised is in {PRACTICE_URL}."
        )
    upgrade(url)
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


def _log(settings: Settings) -> None:
    level = settings.rollcall_log.upper()
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("alembic", "slack_bolt", "slack_sdk", "aiohttp"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
