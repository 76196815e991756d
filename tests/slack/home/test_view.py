"""The Home tab in each of its states, as a person reads it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from inline_snapshot import snapshot

from bot.practice.blockkit import view_problems
from bot.release.ids import ChannelId, ReleaseKey, UserId
from bot.release.people.directory import Away
from bot.release.people.handoff import Duty
from bot.release.release import Release
from bot.runbook.gates.gate import CheckPassed
from bot.runbook.model import Check, Review
from bot.slack.asked.watched import Watched
from bot.slack.home.view import home
from tests.release.given import (
    NINE,
    Person,
    ana,
    asks,
    bea,
    ben,
    cleo,
    completed,
    dan,
    dee,
    eli,
    gated,
    gus,
    in_production,
    needs,
    play,
    ready,
    started,
    time_passes,
    town,
)
from tests.slack.home.reading import readable_home

HOSTILE = "<!channel> & *b* _i_ ~s~ `c` <https://evil.example|Approve> > "


def view_for(
    me: Person,
    *releases: Release,
    away: Mapping[UserId, Away] | None = None,
    now: datetime = NINE,
    notice: str = "",
) -> dict[str, Any]:
    """Return the Home tab of a person, which Slack must accept."""
    link = "https://acme.slack.com/archives/C0RELEASES/p1772442000000100"
    watched = [Watched.of(release, link) for release in releases]
    view = home(me.id, watched, town(away=away), now, "/release", notice)
    assert view_problems(view) == []
    return view


def shows(me: Person, *releases: Release, **how: Any) -> str:
    return readable_home(view_for(me, *releases, **how))


def waits_for(me: Person, *releases: Release) -> str:
    """Return the part of the Home tab that says what waits for a person."""
    return shows(me, *releases).partition("\n\n# ")[0]


def as_number(release: Release, number: int, channel: str = "releases") -> Release:
    """Return a release of a service of its own."""
    key = ReleaseKey(f"service{number}-1")
    return replace(release, key=key, service=f"service{number}", channel=ChannelId(channel))


def test_with_no_release_it_says_how_one_is_started() -> None:
    assert shows(ben) == snapshot("""\
# Waiting for you
Nothing waits for you.

# Going out now
No release is open. `/release start` in a channel starts one.

# Your settings
Nobody stands in for you. When you are away, a deputy can answer in your stead.
[Name a deputy…]
You are reminded from 09:00 to 18:00, Monday to Friday (UTC).
[Change…]\
""")


def test_who_is_asked_finds_the_buttons_of_the_thread() -> None:
    assert shows(ben, started()) == snapshot("""\
# Waiting for you (1)
*checkout-1* (checkout 1.4.0) in <#releases> is *awaiting approval* for Check (stage 1 of 2)
• <@bea>, <@ben> or <@eli>: *QA* needs 2 approvals from qa, since <time>
[Approve] [Reject] [More…]

# Going out now
*checkout-1* (checkout 1.4.0) in <#releases> is *awaiting approval* for Check (stage 1 of 2)
Led by <@ana>

# Your settings
Nobody stands in for you. When you are away, a deputy can answer in your stead.
[Name a deputy…]
You are reminded from 09:00 to 18:00, Monday to Friday (UTC).
[Change…]\
""")


def test_who_leads_sees_whom_it_waits_for() -> None:
    other = as_number(play(started(), ana.offers(dan), dan.accepts()), 2)
    assert shows(ana, started(), other) == snapshot("""\
# Waiting for you
Nothing waits for you.

# You lead
*checkout-1* (checkout 1.4.0) in <#releases> is *awaiting approval* for Check (stage 1 of 2)
• <@bea>, <@ben> or <@eli>: *QA* needs 2 approvals from qa, since <time>
• <@cleo> or <@eli>: *Security* needs an approval from security, since <time>

# Going out now, led by others
*service2-1* (service2 1.4.0) in <#releases> is *awaiting approval* for Check (stage 1 of 2)
Led by <@dan>

# Your settings
Nobody stands in for you. When you are away, a deputy can answer in your stead.
[Name a deputy…]
You are reminded from 09:00 to 18:00, Monday to Friday (UTC).
[Change…]\
""")


def test_who_leads_all_there_is_needs_no_list_of_others() -> None:
    assert "Going out" not in shows(ana, started())


def test_what_several_releases_wait_for_comes_with_the_longest_wait_first() -> None:
    newer = replace(as_number(started(), 2), opened={0: NINE + timedelta(hours=2)})
    assert waits_for(cleo, newer, started()) == snapshot("""\
# Waiting for you (2)
*checkout-1* (checkout 1.4.0) in <#releases> is *awaiting approval* for Check (stage 1 of 2)
• <@cleo> or <@eli>: *Security* needs an approval from security, since <time>
[Approve] [Reject] [More…]
*service2-1* (service2 1.4.0) in <#releases> is *awaiting approval* for Check (stage 1 of 2)
• <@cleo> or <@eli>: *Security* needs an approval from security, since <time>
[Approve] [Reject] [More…]\
""")


def test_what_the_same_buttons_answer_is_one_entry() -> None:
    both = started(gated(asks("Go", qa=1, security=1)))
    assert waits_for(eli, both) == snapshot("""\
# Waiting for you (1)
*checkout-1* (checkout 1.4.0) in <#releases> is *awaiting approval* for Only (stage 1 of 1)
• <@bea>, <@ben> or <@eli>: *Go* needs an approval from qa, since <time>
• <@eli> or <@cleo>: *Go* needs an approval from security, since <time>
[Approve] [Reject] [More…]\
""")


def test_a_notice_comes_first() -> None:
    assert shows(ben, notice="Slack was too slow.").startswith("Slack was too slow.\n# Waiting for you")


LINT = started(gated(needs("Green", CheckPassed(check="lint")), checks=(Check(name="lint", by="on-call"),)))
OVERRIDDEN = play(
    started(gated(asks("QA", qa=2), overrides="security", review=Review(role="qa"))), cleo.overrides("QA")
)
ROLLED_BACK = play(completed(), ana.rolls_back(), dan.finishes("Put the version before back in place"))
LEFT = play(started(), ana.offers(dan, Duty.DEPUTY), dan.accepts(Duty.DEPUTY), ana.leaves_the_channel())


@pytest.mark.parametrize(
    ("me", "release", "expected"),
    [
        pytest.param(
            ana,
            ready(),
            snapshot("""\
# Waiting for you (1)
*checkout-1* (checkout 1.4.0) in <#releases> is *ready* for Check (stage 1 of 2)
• <@ana>: *Check* begins with the captain’s go, since <time>
[Begin Check]\
"""),
            id="the go",
        ),
        pytest.param(
            dan,
            in_production(),
            snapshot("""\
# Waiting for you (1)
*checkout-1* (checkout 1.4.0) in <#releases> is *in progress* with Production (stage 2 of 2)
• <@dan> or <@dee>: “Deploy” is to be done, since <time>
[Done] [It failed…]\
"""),
            id="a step",
        ),
        pytest.param(
            dan,
            play(in_production(), dan.fails("Deploy")),
            snapshot("""\
# Waiting for you (1)
*checkout-1* (checkout 1.4.0) in <#releases> is *stopped by a failure* in Production (stage 2 of 2)
• <@ana>, <@dan> or <@dee>: “Deploy” has *failed*, <time>: choose what follows
[Retry] [Skip…] [Roll back…]\
"""),
            id="a failure",
        ),
        pytest.param(
            ben,
            play(started(), ben.rejects("QA")),
            snapshot("""\
# Waiting for you (1)
*checkout-1* (checkout 1.4.0) in <#releases> is *awaiting approval* for Check (stage 1 of 2)
• <@ben> rejected *QA*, <time>; it blocks until taken back, or settled by <@ana>
[Settle or take back…]\
"""),
            id="a rejection",
        ),
        pytest.param(
            dan,
            LINT,
            snapshot("""\
# Waiting for you (1)
*checkout-1* (checkout 1.4.0) in <#releases> is *awaiting approval* for Only (stage 1 of 1)
• <@dan> or <@dee>: the check *lint* has not passed, since <time>
[Report a check…]\
"""),
            id="a check",
        ),
        pytest.param(
            cleo,
            play(started(), cleo.holds()),
            snapshot("""\
# Waiting for you (2)
*checkout-1* (checkout 1.4.0) in <#releases> is *awaiting approval* for Check (stage 1 of 2), *on hold* (1)
• <@cleo>: hold 1 is to be lifted when it is settled, since <time>: The dashboards are red.
[Lift]
• <@cleo> or <@eli>: *Security* needs an approval from security, since <time>
[Approve] [Reject] [More…]\
"""),
            id="a hold",
        ),
        pytest.param(
            cleo,
            play(started(), cleo.holds(until=timedelta(hours=1)), time_passes(hours=2)),
            snapshot("""\
# Waiting for you (2)
*checkout-1* (checkout 1.4.0) in <#releases> is *awaiting approval* for Check (stage 1 of 2), *on hold* (1)
• <@cleo>: is hold 1 still needed? Its time has come: The dashboards are red.
[Still needed] [Lift]
• <@cleo> or <@eli>: *Security* needs an approval from security, since <time>
[Approve] [Reject] [More…]\
"""),
            id="the question of a hold",
        ),
        pytest.param(
            ana,
            play(started(), cleo.leaves("security"), eli.leaves("security")),
            snapshot("""\
# Waiting for you (1)
*checkout-1* (checkout 1.4.0) in <#releases> is *awaiting approval* for Check (stage 1 of 2)
• <@ana>: *Security* needs somebody from security, and nobody is left to ask, since <time>
[Why?] [Hand over…]\
"""),
            id="people to be found",
        ),
        pytest.param(
            dan,
            LEFT,
            snapshot("""\
# Waiting for you (1)
*checkout-1* (checkout 1.4.0) in <#releases> is *awaiting approval* for Check (stage 1 of 2)
• <@dan>, <@bea>, <@ben>, <@eli> or <@dee>: its captain left the channel, <time>; somebody is to lead it
`/release lead checkout-1` takes the lead
[Why?] [Hand over…]\
"""),
            id="a lead to be taken",
        ),
        pytest.param(
            dee,
            play(started(), ana.offers(dee, note="I go home.")),
            snapshot("""\
# Waiting for you (1)
*checkout-1* (checkout 1.4.0) in <#releases> is *awaiting approval* for Check (stage 1 of 2)
• <@ana> asks you to be *captain*, until <time>
> I go home.
[Read and accept…] [Decline]\
"""),
            id="an offer",
        ),
        pytest.param(
            ben,
            OVERRIDDEN,
            snapshot("""\
# Waiting for you (2)
*checkout-1* (checkout 1.4.0) in <#releases> is *in progress* with Only (stage 1 of 1)
• <@bea>, <@ben> or <@eli>: “Deploy” is to be done, since <time>
[Done] [It failed…]
• <@bea>, <@ben> or <@eli>: its review needs 2 signatures, until <time>
<@cleo> overrode *QA*, <time>
> Payments are down.
[Sign off…]\
"""),
            id="a review",
        ),
        pytest.param(
            dan,
            play(in_production(), ana.rolls_back()),
            snapshot("""\
# Waiting for you (1)
*checkout-1* (checkout 1.4.0) in <#releases> is *rolling back* to 1.3.0
• <@dan> or <@dee>: “Put the version before back in place” is to be done, since <time>
[Done] [It failed…]\
"""),
            id="the way back",
        ),
        pytest.param(
            dan,
            ROLLED_BACK,
            snapshot("""\
# Waiting for you (1)
*checkout-1* (checkout 1.4.0) in <#releases> is *rolled back by <@ana>*, <time>
> Orders are lost.
• <@ana>, <@dan> or <@dee>: the lock on the service is to be lifted, since <time>
[Lift the lock…]\
"""),
            id="a lock",
        ),
    ],
)
def test_what_waits_for_somebody_has_the_buttons_that_answer_it(
    me: Person, release: Release, expected: str
) -> None:
    assert waits_for(me, release) == expected


def test_a_release_that_has_ended_is_not_going_out_though_it_waits() -> None:
    assert ROLLED_BACK.key not in shows(ben, ROLLED_BACK)
    assert "You lead" not in shows(ana, ROLLED_BACK)


def test_who_stands_in_for_whom_is_in_the_settings_until_its_time() -> None:
    until = NINE + timedelta(days=2)
    away = {ben.id: Away(deputy=bea.id, until=until), gus.id: Away(deputy=bea.id, until=until)}
    assert shows(ben, away=away) == snapshot("""\
# Waiting for you
Nothing waits for you.

# Going out now
No release is open. `/release start` in a channel starts one.

# Your settings
<@bea> stands in for you until <time>.
[Change…] [I am back]
You are reminded from 09:00 to 18:00, Monday to Friday (UTC).
[Change…]\
""")
    assert shows(bea, away=away) == snapshot("""\
# Waiting for you
Nothing waits for you.

# Going out now
No release is open. `/release start` in a channel starts one.

# Your settings
Nobody stands in for you. When you are away, a deputy can answer in your stead.
You stand in for <@ben> and <@gus>.
[Name a deputy…]
You are reminded from 09:00 to 18:00, Monday to Friday (UTC).
[Change…]\
""")
    assert shows(ben, away=away, now=until) == shows(ben)


def test_of_more_waits_than_fit_it_says_how_many_and_where() -> None:
    many = [as_number(started(), number, f"room{number % 3}") for number in range(35)]
    lines = waits_for(cleo, *many).split("\n")
    assert lines[0] == "# Waiting for you (35)"
    assert len([line for line in lines if line.startswith("[")]) == 20
    assert lines[-1] == snapshot(
        "(… and 15 more, in the threads of *service27-1* (<#room0>), *service28-1* (<#room1>), *service29-1* (<#room2>), *service3-1* (<#room0>), *service30-1* (<#room0>), *service31-1* (<#room1>), *service32-1* (<#room2>), *service33-1* (<#room0>), *service34-1* (<#room1>), *service4-1* (<#room1>) and 5 others.)"
    )


def test_of_more_releases_than_fit_it_says_how_many_and_which() -> None:
    many = [as_number(started(), number) for number in range(18)]
    assert shows(ana, *many).split("\n\n# ")[1].split("\n")[-1] == snapshot(
        "(… and 3 more: *service15-1* (<#releases>), *service16-1* (<#releases>), *service17-1* (<#releases>).)"
    )
    assert shows(gus, *many).split("\n\n# ")[1].split("\n")[-1] == snapshot(
        "(… and 3 more: *service15-1* (<#releases>), *service16-1* (<#releases>), *service17-1* (<#releases>).)"
    )


def test_a_tab_at_every_limit_is_taken_by_slack_and_calls_nobody() -> None:
    wide = started(gated(*(asks(f"{number} {HOSTILE}"[:60], qa=2, security=1) for number in range(8))))
    held = play(wide, *(eli.holds(f"{number} {HOSTILE}{'🦊' * 400}") for number in range(8)))
    offered = play(held, ana.offers(eli, Duty.DEPUTY, note=HOSTILE + "🦊" * 400))
    many = [replace(as_number(offered, number), version="🦊" * 64) for number in range(60)]
    mine = [replace(one, captain=eli.id) for one in many[:30]]
    view = view_for(eli, *mine, *many[30:], notice=HOSTILE.replace("<", "&lt;") * 40)
    assert len(view["blocks"]) <= 100
    assert len(json.dumps(view).encode()) < 250_000
    formatted = [block["text"]["text"] for block in view["blocks"] if block["type"] == "section"]
    assert not [text for text in formatted if "<!channel" in text or "<https://evil.example|" in text]
