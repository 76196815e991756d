"""What goes out, what went out, and whether a version is in production."""

from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from bot.release.state import State
from tests.slack.given import write
from tests.web.test_api import RUNBOOK, Served, completed, served, without_times

__all__ = ["served"]


async def keys(served: Served, path: str, name: str) -> tuple[list[str], Any]:
    status, found = await served.reads(path)
    assert status == 200, found
    return [one["release"] for one in found[name]], found["next"]


async def went(served: Served, *versions: str) -> None:
    """Let releases of the shop be completed, one after the other."""
    for number, version in enumerate(versions, start=1):
        await served.world.ana.types(f"/release start shop {version}")
        await completed(served.world, f"shop-{number}")
        await served.world.passes(hours=1)


async def test_what_goes_out_is_listed_as_it_stands(served: Served) -> None:
    assert await keys(served, "/api/going-out", "going_out") == ([], None)
    await served.world.ana.types("/release start shop 2.0")
    _, found = await served.reads("/api/going-out")
    assert found["going_out"] == [(await served.reads("/api/releases/shop-1"))[1]]
    assert await keys(served, "/api/going-out?service=shop", "going_out") == (["shop-1"], None)
    assert await keys(served, "/api/going-out?service=other", "going_out") == ([], None)
    await completed(served.world)
    assert await keys(served, "/api/going-out", "going_out") == ([], None)


async def test_what_went_out_is_listed_a_page_at_a_time(served: Served) -> None:
    await went(served, "2.0", "2.1", "2.2")
    await served.world.ana.types("/release start shop 2.3")
    await served.world.ana.types("/release cancel shop-4 Not today")
    _, found = await served.reads("/api/went-out?limit=1")
    assert without_times(found["went_out"])[0] | {"ended": ""} == snapshot(
        {
            "release": "shop-3",
            "service": "shop",
            "version": "2.2",
            "kind": "normal",
            "state": "completed",
            "started": "<time>",
            "ended": "",
        }
    )
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page, after = await keys(served, f"/api/went-out?limit=1{after and '&after=' + after}", "went_out")
        seen += page
    assert seen == ["shop-3", "shop-2", "shop-1"]
    assert await keys(served, "/api/went-out?service=other", "went_out") == ([], None)


async def test_what_went_out_since_a_time(served: Served) -> None:
    await went(served, "2.0", "2.1")
    _, found = await served.reads("/api/went-out")
    newer = found["went_out"][0]["ended"]
    for since in (newer, newer.replace("Z", "+00:00")):
        assert (await keys(served, f"/api/went-out?since={since}", "went_out"))[0] == ["shop-2"]
    assert len((await keys(served, "/api/went-out?since=2026-01-01", "went_out"))[0]) == 2
    assert (await keys(served, "/api/went-out?since=2027-01-01", "went_out"))[0] == []


async def test_whether_a_version_is_in_production(served: Served) -> None:
    await went(served, "2.0", "2.1")
    await served.world.ana.types("/release start shop 2.2")
    answers = {}
    for version in ("2.0", "2.1", "2.2"):
        _, found = await served.reads(f"/api/services/shop/production?version={version}")
        answers[version] = without_times(found)
    assert answers == snapshot(
        {
            "2.0": {
                "service": "shop",
                "version": "2.0",
                "in_production": False,
                "since": None,
                "instead": "2.1",
                "going_out": "shop-3",
            },
            "2.1": {
                "service": "shop",
                "version": "2.1",
                "in_production": True,
                "since": "<time>",
                "instead": None,
                "going_out": "shop-3",
            },
            "2.2": {
                "service": "shop",
                "version": "2.2",
                "in_production": False,
                "since": None,
                "instead": "2.1",
                "going_out": "shop-3",
            },
        }
    )
    status, _ = await served.reads("/api/services/other/production?version=1.0")
    assert status == 404


async def test_what_was_rolled_back_went_out_and_is_not_in_production(served: Served) -> None:
    await went(served, "2.0", "2.1")
    await served.world.dan.presses("Roll back…", "shop-2", on="card")
    await served.world.dan.submits(key="shop-2", reason="Orders are lost.")
    _, found = await served.reads("/api/services/shop/production?version=2.1")
    assert (found["in_production"], found["instead"], found["going_out"]) == (False, "2.0", "shop-2")
    assert (await keys(served, "/api/going-out", "going_out"))[0] == ["shop-2"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/api/services/shop/production", snapshot("Name the version: ?version=1.4.0")),
        (
            "/api/services/shop/production?version=a%20b",
            snapshot("version has to be one such as 1.4.0, not a b."),
        ),
        ("/api/services/shop/production?version=1.0&version=1.1", snapshot("Give version once.")),
        ("/api/going-out?service=Sh%00p", snapshot("service has to be a key such as checkout, not Sh�p.")),
        ("/api/going-out?limit=0", snapshot("limit is a number from 1 to 100, not 0.")),
        ("/api/going-out?limit=101", snapshot("limit is a number from 1 to 100, not 101.")),
        ("/api/going-out?limit=²", snapshot("limit is a number from 1 to 100, not ².")),
        (
            "/api/going-out?since=2026-01-01",
            snapshot("There is no parameter since. Known are: service, limit, after."),
        ),
        (
            "/api/went-out?since=yesterday",
            snapshot("since is a time such as 2026-11-29 or 2026-11-29T10:00:00Z, not yesterday."),
        ),
        (
            "/api/went-out?since=0001-01-01T00:00:00%2B14:00",
            snapshot(
                "since is a time such as 2026-11-29 or 2026-11-29T10:00:00Z, not 0001-01-01T00:00:00+14:00."
            ),
        ),
        ("/api/went-out?after=shop-1", snapshot("after is what the page before has as next.")),
        ("/api/went-out?after=2026-01-01~shop", snapshot("after is what the page before has as next.")),
    ],
)
async def test_what_does_not_fit_is_answered_with_what_would(served: Served, path: str, said: str) -> None:
    status, answer = await served.reads(path)
    assert (status, answer["error"]) == (400, said)


@pytest.mark.parametrize(
    "path",
    ["/api/going-out", "/api/went-out", "/api/services/shop/production?version=1.0", "/api/deliveries"],
)
async def test_who_has_not_the_token_reads_no_list(served: Served, path: str) -> None:
    assert (await served.reads(path, "another"))[0] == 401


async def test_a_drill_goes_nowhere(served: Served, tmp_path: Path) -> None:
    write(tmp_path, RUNBOOK + "rollback: {drill: staging, steps: [do: Put the version before back]}\n")
    await went(served, "2.0", "2.1")
    await served.world.dan.types("/release drill shop")
    assert (await served.world.release("shop-drill-1")).runbook.kind == "drill"
    assert await keys(served, "/api/going-out", "going_out") == ([], None)
    await served.world.dan.presses("Done", "shop-drill-1", on="stage:0")
    assert (await served.world.release("shop-drill-1")).state is State.COMPLETED
    assert (await keys(served, "/api/went-out", "went_out"))[0] == ["shop-2", "shop-1"]
