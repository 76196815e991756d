"""What pipelines read of releases, and how they wait for one."""

import asyncio
import io
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from inline_snapshot import snapshot
from pydantic import SecretStr
from yarl import URL

from bot.web.wait import Outcome, Wait
from tests.slack.given import ROLES, write
from tests.world import PATIENCE_S, World, open_world

TOKEN = "token-of-the-pipelines"
RUNBOOK = (
    ROLES
    + """\
stages:
  - name: staging
    owner: captain
    steps:
      - do: Deploy to staging
  - name: production
    owner: on-call
    production: true
    gates:
      - {name: QA, approvals: {qa: 1}}
    steps:
      - do: Deploy
"""
)


class Served:
    """A world whose Rollcall answers pipelines."""

    def __init__(self, world: World) -> None:
        self.world = world
        assert world.address
        self.url = world.address

    async def reads(self, path: str, token: str = TOKEN) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with aiohttp.ClientSession(headers=headers) as session, session.get(self.url + path) as answer:
            return answer.status, await answer.json()

    async def waits(
        self,
        release: str,
        version: str = "",
        *,
        stage: str = "",
        seconds: float = PATIENCE_S,
        token: str = TOKEN,
    ) -> tuple[Outcome, list[str]]:
        out = io.StringIO()
        outcome = await Wait(self.url, token, out, every_s=0.02).until(release, version, stage, seconds)
        return outcome, out.getvalue().splitlines()


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    write(tmp_path, RUNBOOK)
    token, runbooks = SecretStr(TOKEN), tmp_path / "runbooks"
    async with open_world(tmp_path, rollcall_runbooks=runbooks, rollcall_api_token=token) as world:
        yield Served(world)


@pytest.fixture
async def drilled(served: Served, tmp_path: Path) -> Served:
    """A world in which a drill was completed after two releases."""
    world = served.world
    for key, version in (("shop-1", "2.0"), ("shop-2", "2.1")):
        await world.ana.types(f"/release start shop {version}")
        await completed(world, key)
    write(tmp_path, f"{RUNBOOK}rollback: {{drill: staging, steps: [{{do: Go back}}]}}\n")
    await world.dan.types("/release drill shop")
    await world.dan.presses("Done", "shop-drill-1", on="stage:0")
    return served


async def to_production(world: World, key: str = "shop-1") -> None:
    await world.ana.presses("Done", key, on="stage:0")
    await world.ben.presses("Approve", key, on="gate:1:QA")


async def completed(world: World, key: str = "shop-1") -> None:
    await to_production(world, key)
    await world.dan.presses("Done", key, on="stage:1")


def without_times(found: Any) -> Any:
    """Return JSON with its times as `<time>`."""
    if isinstance(found, dict):
        times = ("since", "started", "began", "until")
        return {k: "<time>" if k in times and v else without_times(v) for k, v in found.items()}
    return [without_times(one) for one in found] if isinstance(found, list) else found


async def test_how_a_release_stands(served: Served) -> None:
    await served.world.ana.types("/release start shop 2.0")
    await served.world.ana.presses("Done", "shop-1", on="stage:0")
    status, found = await served.reads("/api/releases/shop-1")
    assert (status, without_times(found)) == snapshot(
        (
            200,
            {
                "release": "shop-1",
                "service": "shop",
                "version": "2.0",
                "commit": "",
                "changes": {"since": None, "commits": 0, "authors": [], "pull_requests": [], "tickets": []},
                "kind": "normal",
                "state": "awaiting_approval",
                "ended": False,
                "in_production": False,
                "stage": "production",
                "stages": [
                    {"name": "staging", "environment": "staging", "began": "<time>", "done": True},
                    {"name": "production", "environment": "production", "began": None, "done": False},
                ],
                "since": "<time>",
                "started": "<time>",
                "on_hold": False,
                "waiting_for": [
                    {
                        "for": "approval",
                        "name": "QA",
                        "role": "qa",
                        "people": ["U0BEA", "U0BEN"],
                        "since": "<time>",
                        "until": None,
                    }
                ],
            },
        )
    )
    assert (await served.reads("/api/services/shop/versions/2.0"))[1] == found


async def test_what_is_in_production_and_what_is_going_out(served: Served) -> None:
    await served.world.ana.types("/release start shop 2.0")
    _, found = await served.reads("/api/services/shop")
    assert (found["in_production"], found["going_out"]["version"]) == (None, "2.0")
    await completed(served.world)
    _, found = await served.reads("/api/services/shop")
    assert (found["in_production"]["version"], found["going_out"]) == ("2.0", None)
    assert all(stage["done"] for stage in found["in_production"]["stages"])


@pytest.mark.parametrize(
    "path",
    [
        "/api/releases/shop-9",
        "/api/releases/nonsense",
        "/api/releases/%00",
        "/api/services/other",
        "/api/services/shop/versions/9.9",
        "/api/services/shop/versions/a%20b",
    ],
)
async def test_what_there_is_not_is_answered_404(served: Served, path: str) -> None:
    status, answer = await served.reads(path)
    assert status == 404
    assert answer["error"].startswith("There ")


@pytest.mark.parametrize("token", ["", "another", TOKEN + "x", "tökén"])
async def test_who_has_not_the_token_is_told_nothing(served: Served, token: str) -> None:
    await served.world.ana.types("/release start shop 2.0")
    for path in ("/api/releases/shop-1", "/api/services/shop", "/api/services/shop/versions/2.0"):
        assert await served.reads(path, token.encode().decode("latin-1")) == (
            401,
            {"error": "Send the token: Authorization: Bearer …"},
        )


@pytest.mark.parametrize("path", ["/api/services/shop", "/api/deliveries", "/deliveries"])
async def test_a_token_that_is_no_text_is_refused_as_any_other(served: Served, path: str) -> None:
    for kind in (b"Bearer", b"Basic"):
        lines = b"GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: %s \xff\r\nConnection: close\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", URL(served.url).port)
        writer.write(lines % (path.encode(), kind))
        assert (await reader.read()).startswith(b"HTTP/1.1 401 ")
        writer.close()
        await writer.wait_closed()


async def test_without_a_token_in_the_settings_there_is_no_api(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        assert world.address
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{world.address}/api/services/x") as answer,
        ):
            assert answer.status == 404


async def test_a_pipeline_waits_until_its_stage_has_begun(served: Served) -> None:
    waiting = asyncio.create_task(served.waits("shop", "2.0", stage="production"))
    await served.world.ana.types("/release start shop 2.0")
    await to_production(served.world)
    outcome, told = await waiting
    assert outcome is Outcome.GO
    assert told[-1] == "shop-1 (shop 2.0) is in progress in production; it waits for: Deploy"
    assert (await served.waits("shop-1", stage="staging"))[0] is Outcome.GO


async def test_without_a_stage_it_waits_for_the_end(served: Served) -> None:
    await served.world.ana.types("/release start shop 2.0")
    assert (await served.waits("shop-1", seconds=0))[0] is Outcome.TIMEOUT
    await completed(served.world)
    outcome, told = await served.waits("shop-1")
    assert (outcome, told) == (Outcome.GO, ["shop-1 (shop 2.0) is completed"])


async def test_what_is_cancelled_or_goes_back_is_a_no(served: Served) -> None:
    world = served.world
    await world.ana.types("/release start shop 2.0")
    await world.ana.types("/release cancel shop-1 Not today")
    assert (await served.waits("shop-1", stage="production"))[0] is Outcome.NO
    await world.ana.types("/release start shop 2.1")
    await to_production(world, "shop-2")
    await world.dan.presses("Roll back…", "shop-2", on="card")
    await world.dan.submits(key="shop-2", reason="Orders are lost.")
    assert (await served.waits("shop-2", stage="production"))[0] is Outcome.NO


async def test_what_another_has_followed_is_a_no(served: Served) -> None:
    world = served.world
    await world.ana.types("/release start shop 2.0")
    await completed(world)
    await world.ana.types("/release start shop 2.1")
    assert (await served.reads("/api/releases/shop-1"))[1]["in_production"]
    await completed(world, "shop-2")
    assert not (await served.reads("/api/releases/shop-1"))[1]["in_production"]
    assert (await served.reads("/api/services/shop"))[1]["in_production"]["in_production"]
    assert await served.waits("shop", "2.0") == (
        Outcome.NO,
        ["shop-1 (shop 2.0) is completed", "Another release of shop was completed since."],
    )
    assert (await served.waits("shop", "2.0", stage="production"))[0] is Outcome.NO
    assert (await served.waits("shop", "2.1"))[0] is Outcome.GO


async def test_a_drill_is_in_production_nowhere(drilled: Served) -> None:
    paths = ("", "/versions/2.1", "/production?version=2.1")
    answers = [await drilled.reads(f"/api/services/shop-drill{path}") for path in paths]
    because = "There are only drills of shop-drill, which go nowhere. Read one by its key, at /api/releases/."
    assert answers == [(404, {"error": because})] * 3
    status, found = await drilled.reads("/api/releases/shop-drill-1")
    assert (status, found["state"], found["in_production"]) == (200, "completed", False)
    assert (await drilled.reads("/api/services/shop"))[1]["in_production"]["release"] == "shop-2"


async def test_who_waits_for_a_drill_names_its_key(drilled: Served) -> None:
    assert (await drilled.waits("shop-drill", "2.1", seconds=0.1))[0] is Outcome.TIMEOUT
    assert (await drilled.waits("shop-drill-1"))[0] is Outcome.GO


async def test_a_hold_is_told_and_waited_for(served: Served) -> None:
    await served.world.ana.types("/release start shop 2.0")
    await served.world.ana.presses("Done", "shop-1", on="stage:0")
    await served.world.ana.types("/release hold shop-1 Look first")
    outcome, told = await served.waits("shop-1", stage="production", seconds=0.1)
    assert outcome is Outcome.TIMEOUT
    assert told == [
        "shop-1 (shop 2.0) is awaiting approval in production, on hold; it waits for: Look first, QA",
        "The time is over.",
    ]


async def test_a_stage_that_has_begun_lets_nothing_go_while_it_is_held_or_has_failed(served: Served) -> None:
    world = served.world
    await world.ana.types("/release start shop 2.0")
    await to_production(world)
    await world.ana.types("/release hold shop-1 Look first")
    assert (await served.waits("shop-1", stage="production", seconds=0.1))[0] is Outcome.TIMEOUT
    await world.ana.presses("Lift", "shop-1", on="hold:1")
    assert (await served.waits("shop-1", stage="production"))[0] is Outcome.GO
    await world.dan.presses("It failed…", "shop-1", on="stage:1")
    await world.dan.submits(reason="The pods do not start.")
    assert (await served.waits("shop-1", stage="production", seconds=0.1))[0] is Outcome.TIMEOUT


async def test_a_stage_that_there_is_not_and_a_wrong_token_are_mistakes(served: Served) -> None:
    await served.world.ana.types("/release start shop 2.0")
    assert await served.waits("shop-1", stage="prod") == (
        Outcome.MISTAKE,
        ["shop-1 has no stage prod. Its stages: staging, production."],
    )
    outcome, [told] = await served.waits("shop-1", token="another")
    assert outcome is Outcome.MISTAKE
    assert "ROLLCALL_API_TOKEN" in told


async def test_a_rollcall_that_is_out_of_reach_is_waited_for() -> None:
    out = io.StringIO()
    wait = Wait("http://127.0.0.1:9", TOKEN, out, every_s=0.01)
    assert await wait.until("shop-1", "", "", 0.05) is Outcome.TIMEOUT
    assert out.getvalue().startswith("Rollcall is out of reach: ")


@pytest.mark.parametrize(
    "text",
    ["<html>Sign in</html>", "", "{}", "[]", "null", '{"stages": null}', '{"state": "completed"}'],
)
async def test_what_answers_in_place_of_rollcall_lets_nothing_go_and_stops_nothing(text: str) -> None:
    async with serving(text, 200) as url:
        out = io.StringIO()
        assert await Wait(url, TOKEN, out, every_s=0.01).until("shop-1", "", "", 0.05) is Outcome.TIMEOUT
    assert out.getvalue().splitlines() == ["What answers there is not Rollcall.", "The time is over."]


@asynccontextmanager
async def serving(text: str, status: int) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=text, status=status, content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(("shop-1", "--stage", "staging"), Outcome.GO, marks=pytest.mark.proof),
        pytest.param(("shop", "2.0", "--timeout", "1s"), Outcome.TIMEOUT, marks=pytest.mark.proof),
        (("shop-1", "--stage", "prod"), Outcome.MISTAKE),
    ],
)
async def test_the_command_line_ends_with_what_it_came_to(
    served: Served, words: tuple[str, ...], code: Outcome
) -> None:
    await served.world.ana.types("/release start shop 2.0")
    environment = {**os.environ, "ROLLCALL_URL": served.url, "ROLLCALL_API_TOKEN": TOKEN}
    command = (sys.executable, "-m", "bot", "wait", *words)
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=PIPE)
    told, _ = await process.communicate()
    assert told.decode().startswith("shop-1")
    assert process.returncode == code
