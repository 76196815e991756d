"""Runs elsewhere: asked for once by a signed request, whatever becomes of the answer, and seen by reports."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from inline_snapshot import snapshot

from bot.credentials import networks_inside, webhook_key
from bot.outgoing import networks, outgoing
from bot.pipelines.provider import Job, NotStarted
from bot.pipelines.webhook.webhooks import SETTLES, _id
from bot.release.ids import ReleaseId, ReleaseKey
from bot.release.stages.failure import FailStep, RetryStep
from bot.release.stages.runs import Order
from bot.release.state import State
from bot.runbook.runs import Provider
from bot.settings import Misconfigured, Settings
from tests.ledger.world import ANA, MORNING, TEAM, act, cancel, start
from tests.pipelines.ci_server import CI, SECRET
from tests.pipelines.faulty import free_port, listening
from tests.pipelines.place import POINTS, RUNBOOK, end_at
from tests.pipelines.site import Site

FAILS = act(FailStep, ANA, stage=0, step="Deploy", attempt=1, reason="It is stuck.")
RETRIES = act(RetryStep, ANA, stage=0, step="Deploy", attempt=1)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with outgoing(networks("127.0.0.1"), aiohttp.ClientTimeout(total=10)) as session:
        yield session


@pytest.fixture
async def ci() -> AsyncIterator[CI]:
    ci = CI()
    async with listening(ci):
        yield ci


@pytest.fixture
async def site(tmp_path: Path, ci: CI, session: aiohttp.ClientSession) -> AsyncIterator[Site]:
    site = Site(tmp_path, ci, session)
    async with site.hearing():
        yield site
    site.replica.database.close()


# Asking


async def test_a_run_is_asked_for_with_all_that_it_needs_and_completes_the_release(site: Site) -> None:
    await site.begins()
    async with site.rollcall(site.webhooks()):
        await site.has_begun()
        assert (await site.release()).runs[0].link == "https://ci.acme.example/runs/1"
        assert await site.ci.reports("passed") == (200, "ok")
        release = await site.until(State.COMPLETED)
        await site.until_settled()
    assert release.runs[0].passed
    assert [{**site.ci.asked[0], "callback": "…/runs"}] == snapshot(
        [
            {
                "do": "run",
                "run": "checkout-1/1",
                "release": "checkout-1",
                "service": "checkout",
                "version": "1.0.0",
                "commit": "",
                "stage": "production",
                "environment": "production",
                "step": "Deploy",
                "attempt": "1",
                "inputs": {"to": "production"},
                "callback": "…/runs",
            }
        ]
    )
    assert site.ci.asked[0]["callback"] == f"{site.url}/runs"


async def test_a_failure_says_what_was_reported(site: Site) -> None:
    await site.begins()
    async with site.rollcall(site.webhooks()):
        await site.is_asked()
        await site.ci.reports("failed", said="\x1b[31mThe smoke test has failed.\x1b[0m")
        assert await site.why() == "The smoke test has failed."


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(status=200),
        lambda: web.Response(status=201, text="queued"),
        lambda: web.json_response(["link"]),
        lambda: web.json_response({"link": 7}),
        lambda: web.json_response({"link": "javascript:alert(1)"}),
        lambda: web.Response(body=b"[" * 10_000_000),
    ],
)
async def test_whatever_it_is_accepted_with_it_is_accepted(
    answer: Callable[[], web.Response], site: Site
) -> None:
    site.ci.answer = answer
    await site.begins()
    async with site.rollcall(site.webhooks()):
        await site.has_begun()
        assert (await site.release()).runs[0].link == ""
        await site.ci.reports("started", link="https://ci.acme.example/7")
        assert (await site.release()).runs[0].link == "https://ci.acme.example/7"
        await site.ci.reports("passed")
        await site.until(State.COMPLETED)
    assert len(site.ci.asked) == 1


@pytest.mark.parametrize("point", POINTS[:3])
async def test_wherever_rollcall_is_ended_a_run_is_asked_for_once(site: Site, point: str) -> None:
    await end_at(site, point, site.webhooks())
    asked = len(site.ci.asked)
    async with site.rollcall(site.webhooks()) as runner:
        if asked:
            await site.ci.reports("passed")
        else:
            await site.passes(runner, seconds=SETTLES.total_seconds())
            assert "Nobody can tell whether it was started" in await site.why()
            await runner.take_up()
            await site.replica.accepts(RETRIES)
            await runner.take_up()
            await site.is_asked()
            await site.ci.reports("passed")
        await site.until(State.COMPLETED)
        await site.until_settled()
    assert len(site.ci.asked) == 1
    assert asked == (point != "before the call")


async def test_two_at_once_ask_for_it_once(site: Site) -> None:
    await site.begins()
    async with site.rollcall(site.webhooks()), site.rollcall(site.webhooks()):
        await site.is_asked()
        await site.ci.reports("passed")
        await site.until(State.COMPLETED)
        await site.until_settled()
    assert site.ci.count("POST") == 1


# What goes wrong


def lose(ci: CI) -> None:
    ci.loses("POST", "/hooks/deploy")


def break_(ci: CI) -> None:
    ci.answer = lambda: web.Response(status=502, text="<html>")


@pytest.mark.parametrize("goes_wrong", [lose, break_])
async def test_a_run_whose_answer_is_lost_is_known_by_its_report(
    site: Site, goes_wrong: Callable[[CI], None]
) -> None:
    goes_wrong(site.ci)
    await site.begins()
    async with site.rollcall(site.webhooks()) as runner:
        await site.is_asked()
        await site.passes(runner, seconds=SETTLES.total_seconds() - 1)
        await site.ci.reports("started", link="https://ci.acme.example/runs/1")
        await site.passes(runner, seconds=60)
        await site.ci.reports("passed")
        release = await site.until(State.COMPLETED)
    assert site.ci.count("POST") == 1
    assert release.runs[0].link == "https://ci.acme.example/runs/1"


@pytest.mark.parametrize("goes_wrong", [lose, break_])
async def test_where_nothing_is_reported_a_person_looks_and_it_is_not_asked_for_again(
    site: Site, goes_wrong: Callable[[CI], None]
) -> None:
    goes_wrong(site.ci)
    await site.begins()
    async with site.rollcall(site.webhooks()) as runner:
        await site.is_asked()
        await site.passes(runner, seconds=SETTLES.total_seconds())
        assert await site.why() == snapshot(
            "Nobody can tell whether it was started: the answer to the request was lost, and nothing was reported since. Look there, and retry it if it does not run."
        )
        await site.sees(lambda: site.ci.told_to_stop == ["checkout-1/1"])
        # Too late: the step has failed, and a person has been told to look.
        assert await site.ci.reports("passed") == snapshot(
            (409, "checkout-1/1 has ended already, as failed.")
        )
    assert site.ci.count("POST") == 2


@pytest.mark.parametrize("goes_wrong", [lose, break_])
async def test_where_nobody_can_tell_whether_it_was_started_it_is_to_stop_before_the_next_begins(
    site: Site, goes_wrong: Callable[[CI], None]
) -> None:
    goes_wrong(site.ci)
    await site.begins()
    webhooks = site.webhooks(stops_within=timedelta(minutes=5))
    async with site.rollcall(webhooks) as runner:
        await site.is_asked()
        await site.passes(runner, seconds=SETTLES.total_seconds())
        assert "Nobody can tell whether it was started" in await site.why()
        await site.sees(lambda: site.ci.told_to_stop == ["checkout-1/1"])
        await site.tell(RETRIES)
        stops = webhooks.stops
        await site.sees(lambda: webhooks.stops > stops + 2)
        assert len(site.ci.asked) == 1
        assert await site.ci.reports("failed", said="It was stopped.") == (200, "That is known already.")
        await site.is_asked(2)


async def test_what_is_refused_was_not_started_and_says_why(site: Site) -> None:
    told = []
    answers = [
        lambda: web.Response(status=403, text="No such job: \x1b[1mdeploy\x1b[0m.\n\n" + "x" * 1_000),
        lambda: web.Response(status=404),
        lambda: web.Response(status=302, headers={"Location": "https://login.acme.example/"}),
    ]
    await site.begins()
    async with site.rollcall(site.webhooks()) as runner:
        for attempt, answer in enumerate(answers, 1):
            site.ci.answer = answer
            await runner.take_up()
            told.append(await site.why())
            await site.replica.accepts(act(RetryStep, ANA, stage=0, step="Deploy", attempt=attempt))
    # It surely does not run, so nothing is to stop.
    assert site.ci.told_to_stop == []
    assert told == snapshot(
        [
            "It was refused with 403: No such job: deploy. xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…. Mend what answers there, or the address in the runbook.",
            "It was refused with 404. Mend what answers there, or the address in the runbook.",
            "It was answered with a redirect (302), which is not followed. Name the address itself in the runbook.",
        ]
    )


async def test_what_is_not_reached_or_is_busy_is_asked_again(
    tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    ci, port = CI(), free_port()
    ci.url = f"http://127.0.0.1:{port}"
    ci.fails(lambda: web.Response(status=429))
    site = Site(tmp_path, ci, session)
    await site.begins()
    webhooks = site.webhooks(url="http://127.0.0.1:1")
    async with site.hearing(), site.rollcall(webhooks):
        await site.sees(lambda: webhooks.unreached >= 2)
        async with listening(ci, port):
            await site.is_asked()
            await ci.reports("passed", url=f"{site.url}/runs")
            await site.until(State.COMPLETED)
    assert ci.count("POST") == 2
    site.replica.database.close()


async def test_what_is_not_public_is_not_called_unless_it_is_allowed(site: Site) -> None:
    await site.begins()
    async with outgoing((), aiohttp.ClientTimeout(total=10)) as session:
        site.session = session
        async with site.rollcall(site.webhooks()):
            assert await site.why() == snapshot(
                "The address may not be called: 127.0.0.1 is not a public address. Whoever runs Rollcall may allow it in ROLLCALL_INSIDE."
            )
    assert site.ci.calls == []


async def test_without_a_key_or_an_address_of_its_own_nothing_is_asked_for(site: Site) -> None:
    await site.begins()
    async with site.rollcall(site.webhooks(key=None)):
        told = [await site.why()]
    await site.replica.accepts(RETRIES)
    async with site.rollcall(site.webhooks(url="")):
        told.append(await site.why())
    assert told == snapshot(
        [
            "No webhook can be signed. Whoever runs Rollcall sets ROLLCALL_WEBHOOK_SECRET.",
            "No run could be reported back. Whoever runs Rollcall sets ROLLCALL_URL.",
        ]
    )
    assert site.ci.calls == []


# Stopping


async def test_a_run_that_is_no_longer_wanted_is_told_to_stop_and_the_next_waits_for_it(site: Site) -> None:
    webhooks = site.webhooks(stops_within=timedelta(minutes=5))
    await site.begins()
    async with site.rollcall(webhooks) as runner:
        await site.has_begun()
        await site.replica.accepts(FAILS)
        await site.replica.accepts(RETRIES)
        await runner.take_up()
        await site.sees(lambda: webhooks.stops >= 3)
        assert len(site.ci.asked) == 1
        assert await site.ci.reports("failed", said="It was stopped.") == (200, "ok")
        await site.is_asked(2)
        await site.ci.reports("passed")
        await site.until(State.COMPLETED)
    # It was heard the first time.
    assert site.ci.told_to_stop == ["checkout-1/1"]


@pytest.mark.parametrize(
    "answer", [lambda: web.json_response({"stopped": True}), lambda: web.Response(status=404)]
)
async def test_who_answers_that_it_has_stopped_need_not_report_it(
    site: Site, answer: Callable[[], web.Response]
) -> None:
    site.ci.stops = answer
    await site.begins()
    async with site.rollcall(site.webhooks(stops_within=timedelta(minutes=5))) as runner:
        await site.has_begun()
        await site.replica.accepts(FAILS)
        await runner.take_up()
        await site.until_settled()
    assert site.ci.told_to_stop == ["checkout-1/1"]


async def test_a_run_of_which_nothing_is_heard_does_not_keep_the_next_one_for_ever(site: Site) -> None:
    site.ci.stops = lambda: web.Response(status=503)
    await site.begins()
    async with site.rollcall(site.webhooks()) as runner:
        await site.has_begun()
        await site.replica.accepts(FAILS)
        await site.replica.accepts(RETRIES)
        await runner.take_up()
        await site.is_asked(2)
        await site.ci.reports("passed")
        await site.until(State.COMPLETED)
    assert len(site.ci.told_to_stop) > 1


async def test_the_end_of_a_run_of_a_cancelled_release_lets_the_next_release_go_on(
    tmp_path: Path, ci: CI, session: aiohttp.ClientSession
) -> None:
    site = Site(tmp_path, ci, session, RUNBOOK.replace("    production: true\n", ""))
    first = await site.replica.accepts(start())
    async with site.hearing(), site.rollcall(site.webhooks(stops_within=timedelta(minutes=5))) as runner:
        await site.has_begun()
        await site.replica.accepts(cancel())
        second = await site.replica.accepts(start(version="1.0.1"))
        runner.wake(second.id)
        runner.wake(first.id)
        await site.sees(lambda: ci.told_to_stop == ["checkout-1/1"])
        assert len(ci.asked) == 1
        assert await ci.reports("started") == snapshot(
            (409, "checkout-1 is cancelled, and what has ended stays as it is.")
        )
        assert await ci.reports("failed") == snapshot(
            (200, "checkout-1 is cancelled, and what has ended stays as it is.")
        )
        await site.is_asked(2)
    assert ci.asked[1]["run"] == f"{ReleaseKey('checkout-2')}/1"
    site.replica.database.close()


async def test_what_was_never_asked_for_is_settled_when_it_is_no_longer_wanted(site: Site) -> None:
    await site.begins()
    await site.replica.accepts(FAILS)
    async with site.rollcall(site.webhooks()):
        await site.until_settled()
    assert site.ci.calls == []


# Settings


def test_settings_that_do_not_fit_are_told_at_the_start() -> None:
    def settings(**values: str) -> Settings:
        return Settings.model_validate(values)

    assert webhook_key(settings()) is None
    assert webhook_key(settings(rollcall_webhook_secret=SECRET)) is not None
    with pytest.raises(Misconfigured, match="ROLLCALL_WEBHOOK_SECRET: expected whsec_"):
        webhook_key(settings(rollcall_webhook_secret="a secret"))
    with pytest.raises(Misconfigured, match=r"ROLLCALL_INSIDE names no network: .*10\.0\.0\.1/8"):
        networks_inside(settings(rollcall_inside="127.0.0.1, 10.0.0.1/8"))


JOB = Job(
    release=ReleaseId(TEAM, ReleaseKey("shop-1")),
    number=1,
    order=Order(by=Provider.WEBHOOK, name="https://ci.acme.example/deploy"),
    asked=MORNING,
    link="",
    about={},
    left=timedelta(minutes=30),
)


async def test_a_host_that_there_cannot_be_is_not_asked(site: Site) -> None:
    job = replace(JOB, order=Order(by=Provider.WEBHOOK, name="https://ci..example/deploy"))
    with pytest.raises(NotStarted, match="The address is none"):
        await site.webhooks().start(job)
    stops = site.webhooks(stops_within=timedelta())
    assert await stops.stop(replace(job, tried=MORNING))


def test_the_id_of_a_request_is_that_of_no_run_of_another_ledger() -> None:
    job = JOB
    others = [
        replace(job, number=2),
        replace(job, release=ReleaseId(TEAM, ReleaseKey("shop-2"))),
        replace(job, asked=MORNING + timedelta(seconds=1)),
    ]
    assert _id(job) == _id(replace(job, tried=MORNING, left=timedelta()))
    assert len({_id(job), *map(_id, others)}) == 4
