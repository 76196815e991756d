"""What is in a release, read from the repository of its service: on the card, in a modal, and at the gates."""

from pathlib import Path

from inline_snapshot import snapshot

from tests.slack.given import ROLES, open_form, shown, standing, world_with
from tests.sources.repository import Repository
from tests.world import World

RUNBOOK = (
    "repository: https://git.example.com/acme/shop\n"
    + ROLES
    + """\
stages:
  - name: production
    owner: on-call
    production: true
    gates:
      - {name: QA, approvals: {qa: 1}}
      - {name: Schema, when: {paths: db/}, approvals: {security: 1}}
    steps:
      - do: Deploy
"""
)


def shop(folder: Path) -> Repository:
    """Return a repository with a version 1.0 that has a basket."""
    repository = Repository(folder)
    repository.commits("ana", "Begin", basket="1")
    repository.tags("1.0")
    return repository


async def released(world: World, key: str = "shop-1") -> None:
    await world.ben.presses("Approve", key, on="gate:0:QA")
    await world.dan.presses("Done", key, on="stage:0")


async def test_the_card_says_what_is_in_it_and_a_modal_says_all(tmp_path: Path) -> None:
    repository = shop(tmp_path)
    async with world_with(tmp_path, RUNBOOK, rollcall_checkouts=tmp_path / "checkouts") as world:
        await world.ana.types("/release start shop 1.0")
        assert await standing(world, "shop-1") == snapshot("""\
*shop-1* is *awaiting approval* for production (stage 1 of 1)
▶ production
*Waiting for*
• @bea or @ben: *QA* needs an approval from qa, since <time>
*What is in it*: the first release that is known, at commit <https://git.example.com/acme/shop/commit/90206dbaf1822516656b3577350d12e8326e319d|90206db>
Written by @ana\
""")
        await released(world)

        for number in range(4):
            repository.commits("bea", f"Basket {number}", basket=f"2.{number}")
        repository.commits("robin", "Tell <!channel> *loudly*", search="1")
        repository.tags("1.1")
        await world.ana.types("/release start shop 1.1")
        assert await standing(world, "shop-2") == snapshot("""\
*shop-2* is *awaiting approval* for production (stage 1 of 1)
▶ production
*Waiting for*
• @ben: *QA* needs an approval from qa, since <time>
*What is in it*: 5 commits since 1.0, in 2 paths
Written by @bea and Robin Name (not known in Slack)
• <https://git.example.com/acme/shop/commit/480df7a37cb8af708f617e59210a869ddf4b7dcc|480df7a> Tell <!channel> *loudly*
• <https://git.example.com/acme/shop/commit/c585ad8374efcd39d851c9f443a9c3a75d6ac5a6|c585ad8> Basket 3
• <https://git.example.com/acme/shop/commit/49b2bea2cb82c0ba68440c85a9e7b5975ea73e7d|49b2bea> Basket 2\
""")
        await world.ana.presses("Changes", "shop-2", on="card")
        assert await open_form(world, "ana") == snapshot("""\
Changes [Close]
*shop 1.1*: 5 commits since 1.0, in 2 paths
Written by @bea and Robin Name (not known in Slack)
• <https://git.example.com/acme/shop/commit/480df7a37cb8af708f617e59210a869ddf4b7dcc|480df7a> Tell <!channel> *loudly*
• <https://git.example.com/acme/shop/commit/c585ad8374efcd39d851c9f443a9c3a75d6ac5a6|c585ad8> Basket 3
• <https://git.example.com/acme/shop/commit/49b2bea2cb82c0ba68440c85a9e7b5975ea73e7d|49b2bea> Basket 2
• <https://git.example.com/acme/shop/commit/de4dc14dd7b4de4856435684afc48a4b203543f9|de4dc14> Basket 1
• <https://git.example.com/acme/shop/commit/7768dff0646ae082a6ea5209136e6bca46ff846e|7768dff> Basket 0
*Changed paths*
• basket
• search
shop-2 · commit 480df7a37cb8af708f617e59210a869ddf4b7dcc\
""")


async def test_who_wrote_it_does_not_approve_it(tmp_path: Path) -> None:
    repository = shop(tmp_path)
    async with world_with(tmp_path, RUNBOOK, rollcall_checkouts=tmp_path / "checkouts") as world:
        await world.ana.types("/release start shop 1.0")
        await released(world)
        repository.commits("bea", "Another basket", basket="2")
        repository.tags("1.1")
        await world.ana.types("/release start shop 1.1")
        assert await shown(world, "shop-2", "gate:0:QA") == snapshot("""\
*shop-2* (shop 1.1): *QA* before production is *waiting*
☐ qa: @ben
[Approve] [Reject] [More…]\
""")
        await world.bea.presses("Approve", "shop-2", on="gate:0:QA")
        assert await world.bea.sees() == snapshot(
            "You wrote some of the changes in shop-2, and who did that approves none of it. Ask @ben."
        )


async def test_a_gate_for_some_paths_is_asked_by_what_has_changed(tmp_path: Path) -> None:
    repository = shop(tmp_path)
    async with world_with(tmp_path, RUNBOOK, rollcall_checkouts=tmp_path / "checkouts") as world:
        await world.ana.types("/release start shop 1.0")
        assert "*Schema*" not in await standing(world, "shop-1")
        await released(world)
        repository.commits("dan", "A new table", db__1="create")
        repository.tags("1.1")
        await world.ana.types("/release start shop 1.1")
        assert "*Schema* needs an approval from security" in await standing(world, "shop-2")


async def test_what_is_not_there_and_what_is_not_new_is_not_started(tmp_path: Path) -> None:
    repository = shop(tmp_path)
    async with world_with(tmp_path, RUNBOOK, rollcall_checkouts=tmp_path / "checkouts") as world:
        assert await world.ana.types("/release start shop 9.9") == snapshot(
            "The repository has no version 9.9. It has 1.0."
        )
        await world.ana.types("/release start shop 1.0")
        await released(world)
        repository.tags("1.1")
        assert await world.ana.types("/release start shop 1.1") == snapshot(
            "Nothing has changed since 1.0: it is the same commit, 90206dbaf182. Start the version that is new; or, to release the same again, add same=yes."
        )
        assert await world.ana.types("/release start shop 1.1 same=no") == snapshot(
            "Where nothing has changed, and the same is released again, write: same=yes"
        )
        await world.ana.types("/release start shop 1.1 same=yes")
        assert await standing(world, "shop-2") == snapshot("""\
*shop-2* is *awaiting approval* for production (stage 1 of 1)
▶ production
*Waiting for*
• @bea or @ben: *QA* needs an approval from qa, since <time>
*What is in it*: the same commit as 1.0\
""")


async def test_only_those_whose_paths_changed_are_asked_again(tmp_path: Path) -> None:
    repository = shop(tmp_path)
    runbook = RUNBOOK.replace(
        "approvals: {qa: 1}}", "approvals: {qa: 1, on-call: 1}, when: {paths: [basket]}}"
    )
    async with world_with(tmp_path, runbook, rollcall_checkouts=tmp_path / "checkouts") as world:
        await world.ana.types("/release start shop 1.0")
        await world.ben.presses("Approve", "shop-1", on="gate:0:QA")
        repository.commits("robin", "A page of help", help="1")
        repository.tags("1.0.1")
        await world.ana.types("/release change shop-1")
        await world.ana.submits(version="1.0.1")
        assert (await world.release("shop-1")).votes[0].carried == "1.0.1"
        repository.commits("robin", "Another basket", basket="2")
        repository.tags("1.0.2")
        await world.ana.types("/release change shop-1")
        await world.ana.submits(version="1.0.2")
        assert await shown(world, "shop-1", "revision:1") == snapshot("""\
*shop-1* (shop 1.0.2): @ana changed what goes out to *1.0.2*, <time>
It begins again at the first stage.
• @ben is asked again at QA: it was for 1.0.1; since then basket has changed\
""")


async def test_without_a_repository_it_is_as_people_typed_it(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 1.0")
        assert await standing(world, "shop-1") == snapshot("""\
*shop-1* is *awaiting approval* for production (stage 1 of 1)
▶ production
*Waiting for*
• @bea or @ben: *QA* needs an approval from qa, since <time>\
""")


async def test_where_the_repository_is_broken_somebody_says_who_wrote_it(tmp_path: Path) -> None:
    repository = shop(tmp_path)
    (repository.path / ".git" / "config").write_text("[broken")
    async with world_with(tmp_path, RUNBOOK, rollcall_checkouts=tmp_path / "checkouts") as world:
        assert await world.ana.types("/release start shop 1.0") == snapshot(
            "What is in 1.0 could not be read, so nobody knows who wrote it: git says: fatal: bad config line 2 in file .git/config. Try once more; or name who wrote it, with authors=@somebody."
        )
        await world.ana.types("/release start shop 1.0 authors=<@U0BEA>")
        assert await standing(world, "shop-1") == snapshot("""\
*shop-1* is *awaiting approval* for production (stage 1 of 1)
▶ production
*Waiting for*
• @ben: *QA* needs an approval from qa, since <time>
• @cleo: *Schema* needs an approval from security, since <time>
⚠ Not all that is in it is known: git says: fatal: bad config line 2 in file .git/config\
""")


async def test_a_preflight_of_any_version_looks_up_none(tmp_path: Path) -> None:
    shop(tmp_path)
    async with world_with(tmp_path, RUNBOOK, rollcall_checkouts=tmp_path / "checkouts") as world:
        assert "could not be started" not in await world.ana.types("/release preflight shop")
        assert "The repository has no version 9.9" in await world.ana.types("/release preflight shop 9.9")


async def test_an_older_version_says_that_changes_are_taken_back(tmp_path: Path) -> None:
    repository = shop(tmp_path)
    async with world_with(tmp_path, RUNBOOK, rollcall_checkouts=tmp_path / "checkouts") as world:
        repository.commits("bea", "Another basket", basket="2")
        repository.tags("1.1")
        await world.ana.types("/release start shop 1.1")
        await released(world)
        await world.ana.types("/release start shop 1.0")
        assert "no commit that 1.1 has not: changes of it are taken back" in await standing(world, "shop-2")


async def test_of_a_hundred_commits_the_modal_says_how_many_it_leaves_out(tmp_path: Path) -> None:
    repository = shop(tmp_path)
    async with world_with(tmp_path, RUNBOOK, rollcall_checkouts=tmp_path / "checkouts") as world:
        await world.ana.types("/release start shop 1.0")
        await released(world)
        for number in range(60):
            repository.commits("robin", f"Change {number}: {'basket ' * 9}", basket=f"2.{number}")
        repository.tags("1.1")
        await world.ana.types("/release start shop 1.1")
        await world.ana.presses("Changes", "shop-2", on="card")
        assert " more\n*Changed paths*\n" in await open_form(world, "ana")


async def test_what_was_released_is_a_commit_wherever_its_tag_is_moved(tmp_path: Path) -> None:
    repository = shop(tmp_path)
    async with world_with(tmp_path, RUNBOOK, rollcall_checkouts=tmp_path / "checkouts") as world:
        await world.ana.types("/release start shop 1.0")
        await released(world)
        repository.commits("bea", "Another basket", basket="2")
        repository.git("tag", "--force", "1.0")
        repository.commits("robin", "Help", help="1")
        repository.tags("1.1")
        await world.ana.types("/release start shop 1.1")
        assert "Written by @bea and Robin Name" in await standing(world, "shop-2")


async def test_who_wrote_what_was_there_before_rollcall_may_approve_the_first_release(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commits("bea", "Begin", basket="1")
    repository.tags("1.0")
    repository.commits("robin", "Another basket", basket="2")
    repository.tags("1.1")
    async with world_with(tmp_path, RUNBOOK, rollcall_checkouts=tmp_path / "checkouts") as world:
        await world.ana.types("/release start shop 1.1")
        assert "1 commit since 1.0, in 1 path" in await standing(world, "shop-1")
        await world.bea.presses("Approve", "shop-1", on="gate:0:QA")
        assert (await world.release("shop-1")).stage in (await world.release("shop-1")).began


async def test_changes_that_were_withdrawn_stand_on_the_next_card_until_they_are_out(tmp_path: Path) -> None:
    repository = shop(tmp_path)
    async with world_with(tmp_path, RUNBOOK, rollcall_checkouts=tmp_path / "checkouts") as world:
        await world.ana.types("/release start shop 1.0")
        await released(world)
        repository.commits("bea", "A faster basket", basket="2")
        repository.commits("bea", "A slower search", search="1")
        repository.tags("1.1")
        await world.ana.types("/release start shop 1.1")
        await world.ben.presses("Approve", "shop-2", on="gate:0:QA")
        await world.ana.types("/release rollback shop-2 Orders are lost")
        await world.dan.presses("Done", "shop-2", on="stage:1")
        await world.ana.types("/release unlock shop-2 the basket saves again")

        repository.commits("bea", "Save the basket", basket="3")
        repository.tags("1.2")
        await world.ana.types("/release start shop 1.2")
        assert await standing(world, "shop-3") == snapshot("""\
*shop-3* is *awaiting approval* for production (stage 1 of 1)
▶ production
⚠ 2 commits of it were withdrawn with shop-2 (1.1), <time>
> Orders are lost
Said to be mended:
> the basket saves again
*Waiting for*
• @ben: *QA* needs an approval from qa, since <time>
*What is in it*: 3 commits since 1.0, in 2 paths
Written by @bea
• <https://git.example.com/acme/shop/commit/81b0da29ce419306d8c9b07cf6449680d66e2b08|81b0da2> Save the basket
• <https://git.example.com/acme/shop/commit/8005b000bce3247747be7771c34b6e96b1a0953c|8005b00> A slower search (withdrawn with shop-2)
• <https://git.example.com/acme/shop/commit/827dcd795697d0bf915d7ace759b2ab2e4cef67c|827dcd7> A faster basket (withdrawn with shop-2)\
""")
        await world.ana.presses("Changes", "shop-3", on="card")
        assert await open_form(world, "ana") == snapshot("""\
Changes [Close]
*shop 1.2*: 3 commits since 1.0, in 2 paths
Written by @bea
• <https://git.example.com/acme/shop/commit/81b0da29ce419306d8c9b07cf6449680d66e2b08|81b0da2> Save the basket
• <https://git.example.com/acme/shop/commit/8005b000bce3247747be7771c34b6e96b1a0953c|8005b00> A slower search (withdrawn with shop-2)
• <https://git.example.com/acme/shop/commit/827dcd795697d0bf915d7ace759b2ab2e4cef67c|827dcd7> A faster basket (withdrawn with shop-2)
*Changed paths*
• basket
• search
shop-3 · commit 81b0da29ce419306d8c9b07cf6449680d66e2b08\
""")
        await world.ben.presses("Approve", "shop-3", on="gate:0:QA")
        await world.dan.presses("Done", "shop-3", on="stage:0")

        repository.commits("bea", "Another basket", basket="4")
        repository.tags("1.3")
        await world.ana.types("/release start shop 1.3")
        assert "withdrawn" not in await standing(world, "shop-4")


async def test_what_was_taken_out_again_is_not_told_of(tmp_path: Path) -> None:
    repository = shop(tmp_path)
    async with world_with(tmp_path, RUNBOOK, rollcall_checkouts=tmp_path / "checkouts") as world:
        await world.ana.types("/release start shop 1.0")
        await released(world)
        repository.git("tag", "before")
        repository.commits("bea", "A faster basket", basket="2")
        repository.tags("1.1")
        await world.ana.types("/release start shop 1.1")
        await world.ben.presses("Approve", "shop-2", on="gate:0:QA")
        await world.ana.types("/release rollback shop-2 Orders are lost")
        await world.dan.presses("Done", "shop-2", on="stage:1")
        await world.ana.types("/release unlock shop-2 it is left out")

        repository.git("reset", "--hard", "--quiet", "before")
        repository.git("tag", "--delete", "before")
        repository.commits("bea", "Another search", search="1")
        repository.tags("1.2")
        await world.ana.types("/release start shop 1.2")
        assert "withdrawn" not in await standing(world, "shop-3")


async def test_a_file_says_whose_an_address_is_also_of_two_people(tmp_path: Path) -> None:
    repository = shop(tmp_path)
    people = tmp_path / "people.yaml"
    people.write_text("people:\n  U0BEA: {mails: [robin@practice.example]}\n")
    files = {"rollcall_checkouts": tmp_path / "checkouts", "rollcall_authors": people}
    async with world_with(tmp_path, RUNBOOK, **files) as world:
        await world.ana.types("/release start shop 1.0")
        await released(world)
        repository.commits("robin", "Another basket", basket="2")
        repository.tags("1.1")
        people.write_text("people:\n  U0BEA: {mails: robin@practice.example}\n")
        refused = await world.ana.types("/release start shop 1.1")
        assert refused.replace(str(tmp_path), "") == snapshot(
            'What is in 1.1 could not be read, so nobody knows who wrote it: the file of ROLLCALL_AUTHORS cannot be used: /people.yaml:2:18: people.U0BEA.mails: expected a list, found "robin@practice.example". Try once more; or name who wrote it, with authors=@somebody.'
        )
        both = "people:\n  U0BEA: {mails: [robin@practice.example]}\n  ben@practice.example: {mails: [Robin@practice.example]}\n"
        people.write_text(both)
        assert await world.ana.types("/release start shop 1.1") == snapshot(
            "The gate QA of production could never be met: there are too few people in qa, as who starts a release or wrote some of it approves none of it. Let somebody else start it, or add people to the role."
        )
        people.write_text(both.replace("ben@practice.example", "U0CLEO"))
        await world.ana.types("/release start shop 1.1")
        assert "Written by @bea and @cleo" in await standing(world, "shop-2")
        await world.bea.presses("Approve", "shop-2", on="gate:0:QA")
        assert "You wrote some of the changes in shop-2" in await world.bea.sees()


async def test_tickets_are_shown_with_where_they_are_read(tmp_path: Path) -> None:
    repository = shop(tmp_path)
    tickets = 'tickets: {pattern: "SHOP-{number}", link: "https://tickets.example.com/{key}"}\n'
    async with world_with(tmp_path, tickets + RUNBOOK, rollcall_checkouts=tmp_path / "checkouts") as world:
        await world.ana.types("/release start shop 1.0")
        await released(world)
        for number in range(7):
            repository.commits("robin", f"Basket\n\nFor SHOP-{number} & PAY-1.", basket=f"2.{number}")
        repository.tags("1.1")
        await world.ana.types("/release start shop 1.1")
        assert (await standing(world, "shop-2")).split("\n")[-1] == snapshot(
            "For <https://tickets.example.com/SHOP-6|SHOP-6>, <https://tickets.example.com/SHOP-5|SHOP-5>, <https://tickets.example.com/SHOP-4|SHOP-4>, <https://tickets.example.com/SHOP-3|SHOP-3>, <https://tickets.example.com/SHOP-2|SHOP-2> and 2 more"
        )
        await world.ana.presses("Changes", "shop-2", on="card")
        assert "|SHOP-0>" in await open_form(world, "ana")


async def test_authors_are_asked_whether_their_changes_are_good_where_they_are(tmp_path: Path) -> None:
    repository = shop(tmp_path)
    runbook = (
        RUNBOOK.replace("  captain:", "  authors: {authors: true}\n  captain:", 1)
        .replace("stages:\n", "checks:\n  good in staging: {by: authors}\nstages:\n")
        .replace("{name: QA, approvals: {qa: 1}}", "{name: Go, needs: [{qa: 1}, {check: good in staging}]}")
    )
    async with world_with(tmp_path, runbook, rollcall_checkouts=tmp_path / "checkouts") as world:
        repository.commits("bea", "A faster basket", basket="2")
        repository.tags("1.1")
        await world.ana.types("/release start shop 1.1")
        assert await shown(world, "shop-1", "gate:0:Go") == snapshot("""\
*shop-1* (shop 1.1): *Go* before production is *waiting*
☐ qa: @ben
☐ check good in staging has not been reported
  asked: @bea
[Approve] [Reject] [Report a check…] [More…]\
""")
        assert await world.dan.types("/release check shop-1 good in staging passed") == snapshot(
            "good in staging is reported by people in authors. Ask @bea."
        )
        assert await world.bea.types("/release check shop-1 good in staging passed") == snapshot(
            "It is recorded at *shop-1* (shop 1.1)."
        )
        await world.ben.presses("Approve", "shop-1", on="gate:0:Go")
        assert await shown(world, "shop-1", "gate:0:Go") == snapshot("""\
*shop-1* (shop 1.1): *Go* before production is *met*
✓ qa: @ben, <time>
✓ check good in staging passed
  says @bea, <time>\
""")


async def test_the_roll_asks_each_author_and_one_no_keeps_it_back(tmp_path: Path) -> None:
    repository = shop(tmp_path)
    runbook = (
        RUNBOOK.replace("  captain:", "  authors: {authors: true}\n  captain:", 1)
        .replace("stages:\n", "checks:\n  good in staging: {by: authors, each: true}\nstages:\n")
        .replace("{name: QA, approvals: {qa: 1}}", "{name: Roll, needs: {check: good in staging}}")
    )
    async with world_with(tmp_path, runbook, rollcall_checkouts=tmp_path / "checkouts") as world:
        repository.commits("bea", "A faster basket", basket="2")
        repository.commits("dan", "A search that finds", search="2")
        repository.tags("1.1")
        await world.ana.types("/release start shop 1.1")
        assert await shown(world, "shop-1", "gate:0:Roll") == snapshot("""\
*shop-1* (shop 1.1): *Roll* before production is *waiting*
☐ check good in staging has not been reported
  asked: @bea and @dan
[Report a check…] [More…]\
""")
        await world.bea.types("/release check shop-1 good in staging passed")
        await world.dan.presses("Report a check…", "shop-1", on="gate:0:Roll")
        await world.dan.submits(check="good in staging", outcome="failed", comment="It finds nothing.")
        assert await shown(world, "shop-1", "gate:0:Roll") == snapshot("""\
*shop-1* (shop 1.1): *Roll* before production is *waiting*
☐ check good in staging failed for 1 of 2
  ✗ @dan, <time>
> It finds nothing.
  ✓ @bea
  asked: @dan
[Report a check…] [More…]\
""")
        assert "@dan: the check *good in staging* failed for 1 of 2" in await standing(world, "shop-1")
        await world.dan.types("/release check shop-1 good in staging passed Mended")
        assert await shown(world, "shop-1", "gate:0:Roll") == snapshot("""\
*shop-1* (shop 1.1): *Roll* before production is *met*
✓ check good in staging passed for 2 of 2
  ✓ @bea and @dan\
""")
