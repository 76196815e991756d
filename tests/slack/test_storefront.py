"""The sample service of the practice Slack: a real deploy, one that fails, the way back, and a drill of it."""

import subprocess
from pathlib import Path

import pytest

from bot.practice.sample import CHECKOUTS, COMMANDS, lay_out
from bot.release.state import State
from tests.world import World, open_world

pytestmark = pytest.mark.proof


async def _reaches_production(world: World, key: str, version: str) -> None:
    await world.ana.types(f"/release start storefront {version}")
    await world.until(lambda r: r.state is State.AWAITING_APPROVAL and r.stage == 1, key)
    await world.ben.presses("Approve", key, on="gate:1:QA")
    await world.cleo.presses("Approve", key, on="gate:1:Go or no-go")
    await world.ana.presses("Begin production", key, on="stage:1")


async def _goes_out(world: World, key: str, version: str) -> None:
    await _reaches_production(world, key, version)
    await world.until(lambda r: len(r.done) == 3, key)
    await world.dan.presses("Done", key, on="stage:1")


async def _goes_back(world: World, key: str) -> None:
    await world.ana.types(f"/release rollback {key}")
    await world.ana.submits(key=key, reason="Orders are lost.")
    await world.until(lambda r: r.state is State.ROLLED_BACK, key)


def _moves(folder: Path, tag: str, to: str) -> None:
    git = ["git", "-C", str(folder / CHECKOUTS / "storefront")]
    subprocess.run([*git, "tag", "--force", tag, f"{to}^{{commit}}"], check=True, capture_output=True)


async def test_the_sample_service_goes_out_fails_and_goes_back_to_what_was_approved(tmp_path: Path) -> None:
    assert lay_out(tmp_path)

    def is_at(environment: str) -> str:
        return (tmp_path / "environments" / environment / "VERSION").read_text().strip()

    async with open_world(
        tmp_path,
        rollcall_commands=tmp_path / COMMANDS,
        rollcall_checkouts=tmp_path / CHECKOUTS,
        rollcall_runs=tmp_path / "runs",
        rollcall_poll=0.1,
    ) as world:
        await _goes_out(world, "storefront-1", "1.0.0")
        await _goes_out(world, "storefront-2", "1.1.0")
        assert is_at("production") == "storefront 1.1.0"

        await _reaches_production(world, "storefront-3", "1.2.0")
        await world.until(lambda r: r.state is State.FAILED, "storefront-3")
        await _goes_back(world, "storefront-3")
        assert is_at("production") == "storefront 1.1.0"
        await world.ana.types("/release unlock storefront-3 It is mended.")

        # A tag that is moved meanwhile changes nothing of what was approved.
        for tag in ("1.0.0", "1.1.0"):
            _moves(tmp_path, tag, "1.3.0")
        await world.dan.types("/release drill storefront")
        await world.until(lambda r: r.state is State.COMPLETED, "storefront-drill-1")
        assert is_at("rehearsal") == "storefront 1.0.0"
        await _goes_back(world, "storefront-2")
        assert is_at("production") == "storefront 1.0.0"
