"""The image's steps, replayed without Docker: only what is copied, only what the lock installs."""

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.clock import MovableClock
from bot.practice import BOT_TOKEN, SIGNING_SECRET, Practice

TREE = Path(__file__).parent.parent


class Image:
    """A folder that stands for the image's root; the two stages share it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.workdir = root
        self.env = {"HOME": str(root), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        self.entrypoint: list[str] = []
        self.arguments: list[str] = []
        self.health_check: list[str] = []

    def follow(self, dockerfile: str) -> None:
        """Carry out the instructions; AssertionError for one that this replay does not know."""
        for word, rest in instructions(dockerfile):
            match word:
                case "WORKDIR":
                    self.workdir = Path(self.inside(rest))
                    self.workdir.mkdir(parents=True, exist_ok=True)
                case "COPY" if not rest.startswith("--from="):
                    self.copy(*rest.split())
                case "RUN" if not rest.startswith("useradd"):
                    self.run(["sh", "-c", self.inside(rest)])
                case "ENV":
                    pairs = (pair.split("=", 1) for pair in rest.split())
                    self.env |= {name: self.expand(value) for name, value in pairs}
                case "HEALTHCHECK":
                    self.health_check = json.loads(rest.partition("CMD ")[2])
                case "VOLUME":
                    Path(self.inside(rest)).mkdir()
                case "ENTRYPOINT":
                    self.entrypoint = json.loads(rest)
                case "CMD":
                    self.arguments = json.loads(rest)
                case _:
                    assert word in {"FROM", "COPY", "RUN", "USER", "EXPOSE"}, word

    def copy(self, source: str, target: str) -> None:
        assert f"!{source}" in (TREE / ".dockerignore").read_text().splitlines(), source
        place = self.workdir / target
        if (TREE / source).is_dir():
            shutil.copytree(TREE / source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(TREE / source, place)

    def run(self, command: list[str]) -> str:
        """Return what the command prints, run in the image's folder with the image's environment alone."""
        network = {name: os.environ[name] for name in os.environ if name.startswith(("PIP_", "SSL_"))}
        done = subprocess.run(
            command, cwd=self.workdir, env=network | self.env, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def rollcall(self, *arguments: str) -> str:
        return self.run([*self.entrypoint, *arguments])

    def serve(self, settings: dict[str, str]) -> subprocess.Popen[bytes]:
        command = [*self.entrypoint, *self.arguments]
        return subprocess.Popen(command, cwd=self.workdir, env=self.env | settings)

    def is_healthy(self, port: int) -> bool:
        check = [word.replace(":8080", f":{port}") for word in self.health_check]
        return subprocess.run(check, env=self.env, stderr=subprocess.DEVNULL).returncode == 0

    def inside(self, text: str) -> str:
        """Move the image's absolute paths below its root."""
        return re.sub(r"(?<![\w.])/(build|venv|app|data)\b", rf"{self.root}/\1", text)

    def expand(self, value: str) -> str:
        return self.inside(value).replace("$PATH", self.env["PATH"])


def instructions(dockerfile: str) -> Iterator[tuple[str, str]]:
    for line in re.sub(r"\\\n\s*", "", dockerfile).splitlines():
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word, rest


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    image = Image(tmp_path_factory.mktemp("image"))
    image.follow((TREE / "Dockerfile").read_text())
    return image


@pytest.fixture
async def practice(tmp_path: Path) -> AsyncIterator[Practice]:
    practice = Practice(MovableClock(), tmp_path / "slack.json")
    async with practice.serving(port=0):
        yield practice


async def becomes_healthy(image: Image, port: int) -> bool:
    """Ask the image's own health check until it passes, for 30 seconds at most."""
    for _ in range(60):
        if await asyncio.to_thread(image.is_healthy, port):
            return True
        await asyncio.sleep(0.5)
    return False


@pytest.mark.proof
def test_the_image_holds_what_the_command_needs(image: Image) -> None:
    assert image.rollcall("--version").startswith("rollcall ")
    assert image.rollcall("lint")
    assert json.loads(image.rollcall("manifest"))["features"]["bot_user"]


@pytest.mark.proof
def test_the_image_has_no_test_tools(image: Image) -> None:
    listed = image.run(["python", "-m", "pip", "list", "--format=freeze"])
    assert "slack_bolt==" in listed
    assert "pytest" not in listed


@pytest.mark.proof
async def test_the_image_migrates_serves_and_is_healthy_and_stops_when_told(
    image: Image, practice: Practice
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    assert not image.is_healthy(port)
    serving = image.serve(
        {
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "SLACK_API_URL": practice.api_url,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        }
    )
    try:
        assert await becomes_healthy(image, port)
        assert (image.root / "data" / "rollcall.db").exists()
    finally:
        serving.terminate()
        code = await asyncio.to_thread(serving.wait, 30)
    assert code == 0
