"""What is in a release, read from GitHub or GitLab where there is no repository on the machine of Rollcall."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot
from pydantic import SecretStr

from tests.slack.given import open_form, standing, world_with
from tests.slack.test_changes import RUNBOOK, released
from tests.sources.hub import ADDRESS, TOKEN, Hub, Pull, hub_there, refused
from tests.sources.repository import Repository

AT = RUNBOOK.replace("https://git.example.com/acme/shop", ADDRESS)
AT_HUB = 'tickets: {pattern: "SHOP-{number}", link: "https://tickets.example.com/{key}"}\n' + AT


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    shop = Repository(tmp_path)
    shop.commits("ana", "Begin", basket="1")
    shop.tags("1.0")
    async with hub_there(Hub(shop)) as there:
        yield there


def at(where: str, hub: Hub, people: Path | None = None) -> dict[str, Any]:
    """Return the settings with which Rollcall reads from one of the hubs."""
    api = {f"{where}_url": getattr(hub, where), f"{where}_token": SecretStr(TOKEN)}
    return {**api, "rollcall_authors": people}


async def test_the_card_has_the_pull_requests_and_the_tickets_and_a_modal_who_approved_them(
    tmp_path: Path, hub: Hub
) -> None:
    people = tmp_path / "people.yaml"
    people.write_text("people: {U0BEA: {github: [bea-codes]}, dan@practice.example: {github: [dan-codes]}}\n")
    async with world_with(tmp_path, AT_HUB, **at("github", hub, people)) as world:
        await world.ana.types("/release start shop 1.0")
        await released(world)
        ids = [hub.repository.commits("robin", f"SHOP-{n}: Basket", basket=f"2.{n}") for n in range(5)]
        hub.repository.tags("1.1")
        hub.logins = {"robin@practice.example": "bea-codes"}
        hub.pulls = [
            Pull(
                number=n,
                title=f"Basket {n} <!channel> *loudly*",
                commits=[id_],
                approved=["dan-codes", "eve"],
            )
            for n, id_ in enumerate(ids)
        ]
        await world.ana.types("/release start shop 1.1")
        assert await standing(world, "shop-2") == snapshot("""\
*shop-2* is *awaiting approval* for production (stage 1 of 1)
▶ production
*Waiting for*
• @ben: *QA* needs an approval from qa, since <time>
*What is in it*: 5 commits since 1.0, in 1 path
Written by @bea
• <https://127.0.0.1/acme/shop/pull/4|#4> Basket 4 <!channel> *loudly*
• <https://127.0.0.1/acme/shop/pull/3|#3> Basket 3 <!channel> *loudly*
• <https://127.0.0.1/acme/shop/pull/2|#2> Basket 2 <!channel> *loudly*
For <https://tickets.example.com/SHOP-4|SHOP-4>, <https://tickets.example.com/SHOP-3|SHOP-3>, <https://tickets.example.com/SHOP-2|SHOP-2>, <https://tickets.example.com/SHOP-1|SHOP-1> and <https://tickets.example.com/SHOP-0|SHOP-0>\
""")
        await world.bea.presses("Approve", "shop-2", on="gate:0:QA")
        assert "You wrote some of the changes" in await world.bea.sees()
        await world.ana.presses("Changes", "shop-2", on="card")
        assert await open_form(world, "ana") == snapshot("""\
Changes [Close]
*shop 1.1*: 5 commits since 1.0, in 1 path
Written by @bea
• <https://127.0.0.1/acme/shop/commit/c71c82c29c122ae20d92b5d21b5e7ea379cb9766|c71c82c> SHOP-4: Basket
• <https://127.0.0.1/acme/shop/commit/867a596b35105eecdbc3e84a9ec2affc514d68fc|867a596> SHOP-3: Basket
• <https://127.0.0.1/acme/shop/commit/81cc37107a0bf704f6f6b1e7836f8f5c8ae59315|81cc371> SHOP-2: Basket
• <https://127.0.0.1/acme/shop/commit/957c97953b7e871f6eb3b48d9fab26f6b919688a|957c979> SHOP-1: Basket
• <https://127.0.0.1/acme/shop/commit/f1cb3e56b7a1a4774a12f30782d51d9a9a1073a4|f1cb3e5> SHOP-0: Basket
For <https://tickets.example.com/SHOP-4|SHOP-4>, <https://tickets.example.com/SHOP-3|SHOP-3>, <https://tickets.example.com/SHOP-2|SHOP-2>, <https://tickets.example.com/SHOP-1|SHOP-1> and <https://tickets.example.com/SHOP-0|SHOP-0>
*Pull requests*
• <https://127.0.0.1/acme/shop/pull/4|#4> Basket 4 <!channel> *loudly*, approved by @dan and eve
• <https://127.0.0.1/acme/shop/pull/3|#3> Basket 3 <!channel> *loudly*, approved by @dan and eve
• <https://127.0.0.1/acme/shop/pull/2|#2> Basket 2 <!channel> *loudly*, approved by @dan and eve
• <https://127.0.0.1/acme/shop/pull/1|#1> Basket 1 <!channel> *loudly*, approved by @dan and eve
• <https://127.0.0.1/acme/shop/pull/0|#0> Basket 0 <!channel> *loudly*, approved by @dan and eve
*Changed paths*
• basket
shop-2 · commit c71c82c29c122ae20d92b5d21b5e7ea379cb9766\
""")


async def test_merge_requests_of_gitlab_are_shown_in_its_way(tmp_path: Path, hub: Hub) -> None:
    async with world_with(tmp_path, AT_HUB, **at("gitlab", hub)) as world:
        await world.ana.types("/release start shop 1.0")
        await released(world)
        one = hub.repository.commits("bea", "Search", search="1")
        hub.repository.tags("1.1")
        hub.pulls = [Pull(number=7, title="Search", commits=[one], approved=["dan"])]
        await world.ana.types("/release start shop 1.1")
        assert (await standing(world, "shop-2")).split("\n")[-3:] == snapshot(
            [
                "*What is in it*: 1 commit since 1.0, in 1 path",
                "Written by @bea",
                "• <https://127.0.0.1/acme/shop/-/merge_requests/7|!7> Search",
            ]
        )


@pytest.mark.parametrize("where", ["github", "gitlab"])
async def test_what_cannot_be_read_is_not_started_unless_somebody_says_who_wrote_it(
    tmp_path: Path, hub: Hub, where: str
) -> None:
    hub.faults["/tags"] = lambda: refused(403, "Resource not accessible")
    async with world_with(tmp_path, AT, **at(where, hub)) as world:
        refusal = await world.ana.types("/release start shop 1.0")
        assert refusal.startswith("What is in 1.0 could not be read, so nobody knows who wrote it: Git")
        assert "answers 403" in refusal
        await world.ana.types("/release start shop 1.0 authors=<@U0BEA>")
        assert "⚠ Not all that is in it is known" in await standing(world, "shop-1")


@pytest.mark.proof
@pytest.mark.parametrize("where", ["github", "gitlab"])
async def test_who_starts_what_is_read_slowly_has_an_answer_and_then_a_release(
    tmp_path: Path, hub: Hub, where: str
) -> None:
    hub.slow["/tags?"] = 2.3
    async with world_with(tmp_path, AT, **at(where, hub)) as world:
        assert "has not said all of it yet" in await world.ana.types("/release start shop 1.0")
        await world.ana.types("/release start shop 1.0")
        assert "*What is in it*" in await standing(world, "shop-1")


async def test_a_repository_on_the_machine_is_read_before_any_other(tmp_path: Path, hub: Hub) -> None:
    settings = {"rollcall_checkouts": tmp_path / "checkouts", **at("github", hub)}
    async with world_with(tmp_path, AT, **settings) as world:
        await world.ana.types("/release start shop 1.0")
        assert "*What is in it*" in await standing(world, "shop-1")
    assert hub.calls == []
