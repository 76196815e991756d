"""What all tests share."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.settings import Transport
from tests.world import World, open_world


def pytest_xdist_auto_num_workers() -> int:
    """Return how many workers `-n auto` has: one more than cores, as tests wait a fifth of their time."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A practice Slack with Rollcall in it, over a socket."""
    async with open_world(tmp_path) as world:
        yield world


@pytest.fixture(params=list(Transport))
async def world_by_each_transport(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """A practice Slack with Rollcall in it, over a socket and over HTTP."""
    async with open_world(tmp_path, request.param) as world:
        yield world
