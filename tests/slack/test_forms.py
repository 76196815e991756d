"""Every form: a refusal is shown at the field that it is about, and nothing of what was filled in is lost."""

from pathlib import Path

from inline_snapshot import snapshot

from tests.slack.given import ROLES, held, world_with
from tests.world import Person, World

RUNBOOK = (
    ROLES
    + """\
checks:
  load-test: {by: qa}
review: {always: true}
stages:
  - name: production
    owner: captain
    production: true
    begin: captain
    gates:
      - {name: Go, needs: [{qa: 1}, {check: load-test}]}
    steps:
      - do: Deploy
      - do: Watch
reminders: {after: 90d}
"""
)
TURNED = "It looks fine \u202e esrever ni"
"""A sign that turns the direction of what follows: no text of a form may hold it."""


async def refused(world: World, person: Person, **values: str | list[str] | None) -> str:
    """Submit the open form, which is refused at one field; return its name. What was filled in stands."""
    answer = await person.submits(**values)
    assert answer["result"] == "errors", answer
    assert list(answer["errors"].values()) == [
        "The text holds signs that cannot be seen and change how the rest is read."
        " Type it anew, without what was pasted."
    ]
    kept = await held(world, person.name)
    for name, value in values.items():
        assert kept[name] in (value, f"U0{str(value).upper()}")
    (field,) = answer["errors"]
    return str(field)


async def test_each_form_shows_a_refusal_at_its_field_and_keeps_what_was_filled_in(tmp_path: Path) -> None:
    async with world_with(tmp_path, RUNBOOK) as world:
        at, key, go = [], "shop-1", "gate:0:Go"
        await world.ana.types("/release start")
        at.append(await refused(world, world.ana, service="shop", version="2.0", note=TURNED))
        await world.ana.submits(note="The new basket")

        await world.cleo.presses("Hold…", key, on="card")
        at.append(await refused(world, world.cleo, reason=TURNED, wait="4h"))
        await world.cleo.submits(reason="Wait for the audit")
        await world.ana.presses("Lift", key, on="hold:1")
        at.append(await refused(world, world.ana, reason=TURNED))
        await world.ana.submits(reason="It is over")

        await world.ana.presses("Hand over…", key, on="card")
        at.append(await refused(world, world.ana, to="dan", duty="deputy", note=TURNED))
        await world.control("close", user="ana")
        await world.ana.types("/release change")
        assert (await world.ana.submits(version="2.0", labels=TURNED))["errors"] == snapshot(
            {
                "paths": "A path or label of it cannot be read: 'It looks fine \\u202e esrever ni'. Use printable text of at most 400 characters."
            }
        )
        await world.control("close", user="ana")

        await world.ben.presses("More…", key, on=go)
        at.append(await refused(world, world.ben, answer="approve", comment=TURNED))
        await world.control("close", user="ben")
        await world.ben.presses("Reject", key, on=go)
        at.append(await refused(world, world.ben, reason=TURNED))
        await world.control("close", user="ben")
        await world.ben.presses("Report a check…", key, on=go)
        at.append(await refused(world, world.ben, check="load-test", outcome="failed", comment=TURNED))
        await world.ben.submits(outcome="passed", comment="")
        await world.ben.presses("Approve", key, on=go)

        await world.ana.presses("Begin production", key, on="stage:0")
        await world.ana.presses("It failed…", key, on="stage:0")
        at.append(await refused(world, world.ana, reason=TURNED))
        await world.ana.submits(reason="No space left")
        await world.ana.presses("Skip…", key, on="stage:0")
        at.append(await refused(world, world.ana, reason=TURNED))
        await world.control("close", user="ana")
        await world.ana.presses("Roll back…", key, on="stage:0")
        at.append(await refused(world, world.ana, reason=TURNED, key=key))
        await world.ana.submits(reason="No space left")
        await world.ana.presses("Done", key, on="stage:1")
        await world.ana.presses("Lift the lock…", key, on="closing:rolled_back")
        at.append(await refused(world, world.ana, reason=TURNED))
        await world.control("close", user="ana")
        await world.ben.presses("Sign off…", key, on="review")
        at.append(await refused(world, world.ben, reason=TURNED))
        assert at == snapshot(
            [
                "note",
                "reason",
                "reason",
                "note",
                "comment",
                "reason",
                "comment",
                "reason",
                "reason",
                "reason",
                "reason",
                "reason",
            ]
        )


async def test_what_slack_itself_asks_for_is_asked_before_rollcall_hears_of_it(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.ben.presses("Reject", "checkout-1", on="gate:0:QA")
    assert (await world.ben.submits())["errors"] == {"reason": "Please complete this required field."}
    assert (await world.ben.submits(reason="x" * 501))["errors"] == {
        "reason": "Must be at most 500 characters."
    }
    await world.ben.submits(reason="x" * 500)
    assert (await world.release("checkout-1")).votes[0].comment == "x" * 500


async def test_a_form_of_a_release_that_has_ended_meanwhile_says_so(world: World) -> None:
    await world.ana.types("/release start checkout 1.4.0")
    await world.ben.presses("Reject", "checkout-1", on="gate:0:QA")
    await world.ben.sees_form()
    await world.ana.types("/release cancel checkout-1 wrong build")
    assert (await world.ben.submits(reason="No"))["errors"] == snapshot(
        {"reason": "checkout-1 is cancelled, and what has ended stays as it is."}
    )
