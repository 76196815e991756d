"""What GitHub could not deliver is sent again, and nothing else is."""

from pathlib import Path

import aiohttp
import pytest

from bot.deployments.redelivery import ASKS, Redelivery
from bot.github.access import App, NoAccess
from tests.deployments.test_protection_rule import town_with, until
from tests.pipelines.github_server import GitHub, github_there
from tests.pipelines.test_github_webhook import written


async def test_a_webhook_that_was_lost_only_costs_time(tmp_path: Path) -> None:
    async with town_with(tmp_path) as town:
        github, deployment = town.github, town.github.deploys("staging")
        github.delivered(ASKS, 0, "lost")
        github.redelivers = lambda _: town.hears(ASKS, written(github.asks(deployment)))
        app = App(id="4711", key=(tmp_path / "key.pem").read_text())
        redelivery = Redelivery(town.world.session, github.url, app)
        await redelivery.ask()
        await until(lambda: deployment.answer == "approved")
        await redelivery.ask()
        assert [(one["guid"], one["status_code"]) for one in github.deliveries] == [
            ("lost", 0),
            ("lost", 200),
        ]


@pytest.mark.parametrize(
    ("attempts", "again"),
    [
        ([(ASKS, 502, "a"), (ASKS, 502, "a"), (ASKS, 0, "b")], [2, 3]),
        ([(ASKS, 413, "a"), (ASKS, 401, "b"), (ASKS, 404, "c")], [1, 2, 3]),
        ([(ASKS, 200, "a"), (ASKS, 422, "b"), (ASKS, 400, "c")], []),
        ([(ASKS, 502, "a"), (ASKS, 200, "a")], []),
        ([("workflow_run", 502, "a"), ("ping", 0, "b")], []),
        ([], []),
    ],
)
async def test_the_newest_attempt_is_repeated_where_none_has_arrived(
    attempts: list[tuple[str, int, str]], again: list[int]
) -> None:
    async with github_there(GitHub()) as github, aiohttp.ClientSession() as session:
        key, repeated = github.has_app(), list[int]()
        for attempt in attempts:
            github.delivered(*attempt)

        async def redelivers(number: int) -> int:
            repeated.append(number)
            return 200

        github.redelivers = redelivers
        await Redelivery(session, github.url, App(id="4711", key=key)).ask()
        assert sorted(repeated) == again


async def test_what_was_lost_is_looked_for_back_to_the_look_before_and_for_three_days_at_most() -> None:
    async with github_there(GitHub()) as github, aiohttp.ClientSession() as session:
        key, repeated = github.has_app(), list[int]()

        async def redelivers(number: int) -> int:
            repeated.append(number)
            return 200

        def pages() -> int:
            return sum(call.startswith("GET") for call in github.calls)

        github.redelivers = redelivers
        redelivery = Redelivery(session, github.url, App(id="4711", key=key))
        github.delivered(ASKS, 502, "too old")
        github.delivered(ASKS, 502, "lost")
        for number in range(250):
            github.delivered("workflow_run", 200, f"run {number}")
        for number, one in enumerate(github.deliveries):
            one["delivered_at"] = f"2026-11-{20 if number == 0 else 23}T{9 if number < 200 else 10:02}:00:00Z"
        await redelivery.ask()
        assert (repeated, pages()) == ([2], 3)
        for number in range(120):
            github.delivered("workflow_run", 200, f"later run {number}")
        github.calls.clear()
        await redelivery.ask()
        assert (repeated, pages()) == ([2], 2)


async def test_a_key_that_is_none_is_told() -> None:
    async with github_there(GitHub()) as github, aiohttp.ClientSession() as session:
        with pytest.raises(NoAccess):
            await Redelivery(session, github.url, App(id="4711", key="no key")).ask()
        assert github.calls == []
