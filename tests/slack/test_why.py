"""Why a release waits: the rule, the facts, and the shortest way on, told to who asks."""

from pathlib import Path

from inline_snapshot import snapshot

from tests.slack.given import ROLES, shown, world_with

RUNBOOK = (
    ROLES
    + """\
checks:
  load-test: {by: on-call}
overrides: on-call
stages:
  - name: staging
    owner: captain
    gates:
      - name: Go
        needs: [{any: [{qa: 1}, {security: 1}]}, {check: load-test}]
    steps:
      - do: Deploy to staging
  - name: production
    owner: on-call
    production: true
    begin: captain
    steps:
      - do: Deploy
rollback:
  steps:
    - do: Deploy the version before
reminders: {after: 90d}
"""
)


async def test_why_tells_the_rule_the_facts_and_the_shortest_way_on(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        await world.cleo.types("/release hold the <audit> is open")
        await world.bea.presses("Reject", "shop-1", on="gate:0:Go")
        await world.bea.submits(reason="Not yet")
        assert await world.gus.types("/release why") == snapshot("""\
*shop-1* (shop 2.0) is *awaiting approval* for staging (stage 1 of 2), *on hold* (1)
*What it waits for*
• @cleo: hold 1 is to be lifted when it is settled, since <time>: the <audit> is open
    by the rule: nothing moves forward while a hold is open
• @bea rejected *Go*, <time>; it blocks until taken back, or settled by @ana
    by the rule: a rejection blocks until its giver takes it back or the captain settles it
• @dan or @dee: the check *load-test* has not passed, since <time>
    by the rule: a check that has not passed, or is not known, counts as no
• @ben or @cleo: *Go* needs an approval from qa or security, since <time>
    by the rule: a stage begins when every gate before it is passed, each seat by another person
*The shortest way on*
• @cleo lifts the hold “the <audit> is open”
• @bea or @ana takes the rejection of *Go* back, or settles it
• @dan or @dee reports that the check *load-test* has passed
• @ben approves *Go*
In an emergency, @dan or @dee can override a gate, with a reason and a review.
Who is in the roles was read <time>.\
""")

        await world.cleo.presses("Lift", "shop-1", on="hold:1")
        await world.bea.presses("Approve", "shop-1", on="gate:0:Go")
        await world.regroups("qa", ["ben"])
        await world.until(lambda release: release.members["qa"] == ("U0BEN",), "shop-1")
        await world.ana.presses("Why?", "shop-1", on="card")
        assert await world.ana.sees() == snapshot("""\
*shop-1* (shop 2.0) is *awaiting approval* for staging (stage 1 of 2)
*What it waits for*
• @dan or @dee: the check *load-test* has not passed, since <time>
    by the rule: a check that has not passed, or is not known, counts as no
• @ben or @cleo: *Go* needs an approval from qa or security, since <time>
    by the rule: a stage begins when every gate before it is passed, each seat by another person
*What does not count*
• @bea at Go: they are no longer in a role that this gate asks
*The shortest way on*
• @dan or @dee reports that the check *load-test* has passed
• @ben approves *Go*
In an emergency, @dan or @dee can override a gate, with a reason and a review.
Who is in the roles was read <time>.\
""")

        await world.ben.presses("Approve", "shop-1", on="gate:0:Go")
        await world.dan.types("/release check load-test passed")
        assert await world.ana.types("/release why") == snapshot("""\
*shop-1* (shop 2.0) is *in progress* with staging (stage 1 of 2)
*What it waits for*
• @ana: “Deploy to staging” is to be done, since <time>
    by the rule: the steps of a stage are done in order
*The shortest way on*
• @ana does “Deploy to staging”
Who is in the roles was read <time>.\
""")
        await world.ana.presses("Done", "shop-1", on="stage:0")
        assert await world.ana.types("/release why") == snapshot("""\
*shop-1* (shop 2.0) is *ready* for production (stage 2 of 2)
*What it waits for*
• @ana: *production* begins with the captain’s go, since <time>
    by the rule: this stage begins with the go of the captain or of its owners
*The shortest way on*
• @ana begins *production*
Who is in the roles was read <time>.\
""")
        await world.ana.presses("Begin production", "shop-1", on="stage:1")
        await world.dan.presses("It failed…", "shop-1", on="stage:1")
        await world.dan.submits(reason="500s")
        assert await world.ana.types("/release why") == snapshot("""\
*shop-1* (shop 2.0) is *stopped by a failure* in production (stage 2 of 2)
*What it waits for*
• @ana, @dan or @dee: “Deploy” has *failed*, <time>: choose what follows
    by the rule: after a step has failed, a person chooses what follows
*The shortest way on*
• @ana, @dan or @dee chooses what follows “Deploy”: retry it, skip it or roll back
Who is in the roles was read <time>.\
""")

        await world.dan.types("/release rollback shop-1 500s")
        assert await world.ana.types("/release why") == snapshot("""\
*shop-1* (shop 2.0) is *rolling back*
*What it waits for*
• @dan or @dee: “Deploy the version before” is to be done, since <time>
    by the rule: the steps of a stage are done in order
*The shortest way on*
• @dan or @dee does “Deploy the version before”
Who is in the roles was read <time>.\
""")
        await world.dan.presses("Done", "shop-1", on="stage:2")
        assert await world.ana.types("/release why shop-1") == snapshot("""\
*shop-1* (shop 2.0) is *rolled back by @dan*, <time>
> 500s
*What it waits for*
• @ana, @dan or @dee: the lock on the service is to be lifted, since <time>
    by the rule: a service stays locked after a rollback until somebody says what was mended
*The shortest way on*
• @ana, @dan or @dee lifts the lock
Who is in the roles was read <time>.\
""")
        await world.dan.types("/release unlock shop-1 it was the cache")
        assert await world.ana.types("/release why shop-1") == snapshot("""\
*shop-1* (shop 2.0) is *rolled back by @dan*, <time>
> 500s
It waits for nothing.\
""")
        assert await world.ana.types("/release why shop-9") == snapshot(
            "There is no release shop-9. The list of releases shows what is open."
        )


async def test_why_tells_what_follows_a_failure_and_who_is_to_find_people(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        await world.ana.types("/release start shop 2.0")
        await world.regroups("on-call", [])
        await world.passes(minutes=1)
        assert await world.ana.types("/release why") == snapshot("""\
*shop-1* (shop 2.0) is *awaiting approval* for staging (stage 1 of 2)
*What it waits for*
• @ana: *load-test* needs somebody from on-call, and nobody is left to ask, since <time>
    by the rule: seats are filled and checks reported by people in a role, and there are too few of them
• @bea, @ben or @cleo: *Go* needs an approval from qa or security, since <time>
    by the rule: a stage begins when every gate before it is passed, each seat by another person
*The shortest way on*
• @ana finds people for *load-test*
• @bea or @ben approves *Go*
Who is in the roles was read <time>.\
""")
        await world.regroups("on-call", ["dan", "dee"])
        await world.passes(minutes=1)
        await world.dan.presses("Report a check…", "shop-1", on="gate:0:Go")
        await world.dan.submits(outcome="passed")
        await world.ben.presses("Approve", "shop-1", on="gate:0:Go")
        await world.ana.presses("It failed…", "shop-1", on="stage:0")
        await world.ana.submits(reason="The disk is full")
        assert await world.ana.types("/release why") == snapshot("""\
*shop-1* (shop 2.0) is *stopped by a failure* in staging (stage 1 of 2)
*What it waits for*
• @ana: “Deploy to staging” has *failed*, <time>: choose what follows
    by the rule: after a step has failed, a person chooses what follows
*The shortest way on*
• @ana chooses what follows “Deploy to staging”: retry it, skip it or cancel the release
Who is in the roles was read <time>.\
""")
        await world.ana.presses("Skip…", "shop-1", on="stage:0")
        await world.ana.submits(reason="It was there already")
        assert await world.ana.types("/release why") == snapshot("""\
*shop-1* (shop 2.0) is *ready* for production (stage 2 of 2)
*What it waits for*
• @ana: *production* begins with the captain’s go, since <time>
    by the rule: this stage begins with the go of the captain or of its owners
*The shortest way on*
• @ana begins *production*
Who is in the roles was read <time>.\
""")


async def test_why_tells_after_the_end_what_is_still_to_be_done(tmp_path: Path) -> None:
    always = RUNBOOK.replace("overrides: on-call", "overrides: on-call\nreview: {always: true}")
    async with world_with(tmp_path, always) as world:
        await world.ana.types("/release start shop 2.0")
        await world.dan.presses("Report a check…", "shop-1", on="gate:0:Go")
        await world.dan.submits(outcome="passed")
        await world.ben.presses("Approve", "shop-1", on="gate:0:Go")
        await world.ana.presses("Done", "shop-1", on="stage:0")
        await world.ana.presses("Begin production", "shop-1", on="stage:1")
        await world.dan.chooses("Attach as evidence", (await world.message("shop-1", "stage:1"))["ts"])
        await world.dan.submits(comment="How it began")
        await world.dan.presses("Roll back…", "shop-1", on="card")
        await world.dan.submits(reason="Orders are lost", key="shop-1")
        await world.dan.presses("Done", "shop-1", on="stage:2")
        assert await world.ana.types("/release why shop-1") == snapshot(
            """\
*shop-1* (shop 2.0) is *rolled back by @dan*, <time>
> Orders are lost
*What it waits for*
• @bea, @ben, @cleo, @dan or @dee: its review needs 2 signatures, until <time>
    by the rule: a release is reviewed where a gate was overridden, or its runbook asks for it
• @ana, @dan or @dee: the lock on the service is to be lifted, since <time>
    by the rule: a service stays locked after a rollback until somebody says what was mended
*The shortest way on*
• 2 of @bea, @ben, @cleo, @dan or @dee sign the review
• @ana, @dan or @dee lifts the lock
Who is in the roles was read <time>.\
"""
        )
        assert await shown(world, "shop-1", "closing:rolled_back") == snapshot("""\
*shop-1* (shop 2.0): The release is *rolled back by @dan*, <time>
> Orders are lost
2.0 is withdrawn.
*shop* is *locked*: no release of it starts until somebody says what was mended.
1 piece of evidence is attached, in a message of its own.
*What happened* since the last summary, <time>
• @ana said go for “production”, <time>
• @dan began to roll back: “Orders are lost”, <time>
• @dan finished “Deploy the version before”, <time>
[Lift the lock…]\
""")


async def test_where_everybody_who_is_left_is_needed_why_names_them_together(tmp_path: Path) -> None:
    both = RUNBOOK.replace("{any: [{qa: 1}, {security: 1}]}", "{qa: 2}")
    async with world_with(tmp_path, both) as world:
        await world.ana.types("/release start shop 2.0")
        assert "• @bea and @ben approve *Go*" in await world.ana.types("/release why")
