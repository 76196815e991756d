"""Whatever people write and however much there is: what Rollcall shows is valid, whole, and pings nobody."""

import asyncio
import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Any, Final, cast

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from bot.clock import MovableClock
from bot.coordinator import WITHDRAWN_LIMIT
from bot.release.changes import PULLS_LIMIT, TICKETS_LIMIT
from bot.release.command import Command
from bot.release.decide import decide_start, fold
from bot.release.gates.checks import Outcome
from bot.release.ids import ReleaseId, ReleaseKey, UserId, WorkspaceId
from bot.release.manifest import LABELS_LIMIT, PATH_LIMIT, Commit, Manifest, Pull
from bot.release.people.directory import Away, Directory
from bot.release.people.handoff import Duty
from bot.release.refusal import Refused
from bot.release.release import Release
from bot.release.stages.recovery import Recoveries, Recovery
from bot.release.stages.start import Earlier
from bot.release.stages.withdrawn import Withdrawn
from bot.release.state import State
from bot.release.telling.reminders import Way
from bot.release.waiting import waiting_on
from bot.runbook.checks import Read
from bot.runbook.gates.gate import CheckPassed, Gate, Need, Of, Reminders, Seats
from bot.runbook.model import Begin, Check, Handoffs, Review, Runbook, Stage
from bot.runbook.model import Rollback as WayBack
from bot.runbook.roles.role import Role
from bot.runbook.tickets import Tickets
from bot.slack.asked.watched import Watched
from bot.slack.buttons import Action, Target
from bot.slack.desk import Desk
from bot.slack.forms.evidence import evidence_form
from bot.slack.forms.hold import hold_form, hold_form_of
from bot.slack.forms.start import change_form, start_form
from bot.slack.home.view import home
from bot.slack.incoming.opening import opened, opens
from bot.slack.messages import messages
from bot.slack.messages.preflight import preflight_text
from bot.slack.messages.why import why_text
from bot.slack.subcommands.status import status
from tests.release.given import (
    ACME,
    NINE,
    UNHURRIED,
    Act,
    Person,
    among,
    ana,
    later,
    play,
    reading,
    runbook,
    start,
    start_facts,
    steps,
    time_passes,
    town,
)
from tests.release.test_histories import releases
from tests.slack.accepted import against_answer, against_message, against_view

HEAD: Final = "0123456789abcdef" * 4
CROWD: Final = tuple(Person(UserId(f"U0P{number:03}")) for number in range(160))
HOSTILE: Final = (
    "<!channel>",
    "<!here|all>",
    "<!subteam^S0QA>",
    "<@U0EVIL>",
    "<#C0EVIL>",
    "<!date^0^{date}|now>",
    "<https://evil.example|Approve>",
    "https://evil.example/a_b*c*?x=<y>&z=`w`",
    "@here",
    "#releases",
    "*bold*",
    "_i_ ~s~",
    "`code`",
    "```",
    "&lt;!here&gt;",
    "&amp;amp;",
    "&",
    "<<<",
    ">>> ",
    '\\"',
    "{date} {name} {who}",
    "\u200b\u200d\u2060\ufeff",
    "שלום ✓ qa",
    "مرحبا",
    "\u200f",
    "👩‍👩‍👧‍👦🏳️‍🌈👍🏽",
    "e\u0301\u0323n\u0303",
    "Z\u0338\u0327\u0310\u0353\u0356",
    "𝕏𠜎\U0010ffff",
    "plain words",
)
"""What somebody might write into any field, by malice or by accident."""
LINES: Final = ("\n> ✓ qa: approved\n", "\n\n", "\u2028✓ qa\u2029", "\t", "\r\n")
"""What stands in a field of several lines besides."""


def filled(parts: Sequence[str], mark: object, longest: int) -> str:
    """Return text of just so many characters, made of parts again and again, unlike that of another mark."""
    whole = f"{mark} {' '.join(parts)} "
    return (whole * (longest // len(whole) + 1))[: longest - 1] + "x"


# What is shown of a release, on every surface.


async def said_much(release: Release, run: int) -> str:
    """Return what a run has said that has said a lot, of all that is hard to show."""
    lines = (filled(HOSTILE[n:], n, 40 + 200 * n) for n in range(len(HOSTILE)))
    return "\n".join((*lines, "", "x" * 5_000))


@dataclass(frozen=True, slots=True)
class Shelf:
    """A reader of one release, in memory."""

    release: Release
    gone: Mapping[UserId, Away] = field(default_factory=dict)

    async def find(self, id_: ReleaseId) -> Release | None:
        return self.release if id_.key == self.release.key else None

    async def recoveries(self, workspace: WorkspaceId, service: str) -> Recoveries:
        key = ReleaseKey(f"{'s' * 40}-drill-1000000")
        one = Recovery(key=key, at=NINE, took=timedelta(days=1_000))
        return Recoveries(drill=one, rollback=one)

    async def away(self, workspace: WorkspaceId) -> Mapping[UserId, Away]:
        return self.gone


class Willing:
    """A door that would refuse nothing, so that every form opens."""

    async def refuses(self, command: Command) -> None:
        return None


def against(release: Release) -> list[str]:
    """Return what is wrong with anything that is shown of a release, on any surface."""
    people = {*mentionable(release)}
    shown = messages(release, HEAD)
    sent = [(message.slot, *message.sent) for message in shown]
    wrong = [
        f"{slot}: {one}" for slot, text, blocks in sent for one in against_message(text, [*blocks], people)
    ]
    rows = [block for message in shown for block in message.blocks if block["type"] == "actions"]
    buttons = {(e["action_id"], e["value"]) for row in rows for e in row["elements"]}
    wrong += [one for action, value in sorted(buttons) for one in _pressed(release, action, value, people)]
    wrong += [f"{name}: {one}" for name, one in _said(release, people)]
    return wrong + [f"{name}: {one}" for name, one in _viewed(release, people)]


def mentionable(release: Release) -> Iterator[str]:
    """Yield whoever has something to do with a release."""
    yield from (release.starter, release.captain, *release.shadows, *release.manifest.authors)
    yield from (person for those in release.members.values() for person in those)
    yield from (person for vote in release.votes for person in (vote.by, vote.behalf or vote.by))
    yield from (voided.vote.by for voided in release.voided)
    yield from (no.vote.by for no in release.rejections)
    yield from (one.person for change in release.revisions for one in change.asked_again)
    yield from (hold.owner for hold in (*release.holds, *release.lifted))
    yield from (p for handed in release.handed for p in (handed.offer.by, handed.offer.to))
    yield from (p for offer in release.offers.values() for p in (offer.by, offer.to))
    yield from (attached.by for attached in release.evidence)
    yield from (person for past in release.reminders for person in past.people)
    yield from (tick.by for tick in release.done)
    yield from (news.by for past in release.summaries for news in past.news)
    yield from (news.by for news in release.news)
    yield from release.leavers
    yield from (past.by for past in release.overrides)
    yield from (failure.by for failure in release.failures)
    yield from (p for past in release.summaries for p in past.to)
    yield from (p for past in release.summaries for waiting in past.waiting for p in waiting.on)
    yield from (p for handed in release.handed for waiting in handed.waiting for p in waiting.on)
    yield from (change.by for change in release.revisions)
    yield from (report.by for said in release.reports.values() for report in said)
    yield from (
        person for began in release.began.values() for those in began.members.values() for person in those
    )


def _pressed(release: Release, action: str, value: str, people: Collection[str]) -> Iterator[str]:
    """Yield what is wrong with what a press on a button opens, for whom it is meant and for a stranger."""
    target = Target.read(value)
    for by in (release.captain, UserId("U0STRANGER")):
        by = UserId(target.person) if action == Action.ACCEPT_FORM and by == release.captain else by
        if not opens(Action(action), target, by):
            continue
        desk = Desk(
            coordinator=cast("Any", Willing()),
            releases=cast("Any", Shelf(release)),
            workspace=ACME,
            runbooks=cast("Any", None),
            clock=MovableClock(),
            own_changed=lambda: None,
            output=said_much,
            command="/release",
        )
        reply = asyncio.run(opened(desk, Action(action), target, ACME, by))
        if reply.form:
            yield from (f"{action}: {one}" for one in against_view(reply.form, people))
        else:
            yield from (f"{action}: {one}" for one in against_answer(reply.text, {*people, target.person}))


def _said(release: Release, people: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the private answers about a release."""
    directory = town(release.members, away=release.deputies)
    answers = {
        "why": why_text(release),
        "status": status(release),
        "preflight": preflight_text(release, directory, release.at, release.at + timedelta(days=1)),
    }
    yield from ((name, one) for name, text in answers.items() for one in against_answer(text, people))


def _viewed(release: Release, people: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the Home tabs and the forms that no button of a message opens."""
    watched = Watched.of(release, "https://practice.example/archives/C0RELEASES/p1")
    asked = {person for waiting in waiting_on(release) for person in waiting.on}
    many = [dataclasses.replace(watched, link="" if n % 2 else watched.link) for n in range(40)]
    directory = Directory(
        away={release.captain: Away(deputy=UserId("U0P001"), until=release.at + timedelta(9))}
    )
    for me in (release.captain, *sorted(asked)[:1], UserId("U0STRANGER")):
        for those in ([watched], many):
            view = home(me, those, directory, release.at, "/release", notice="It is done.")
            yield from (("home", one) for one in against_view(view, {*people, "U0P001"}))
    keys = [ReleaseKey(f"{release.service}-{number}") for number in range(50)]
    reason = max((hold.reason for hold in release.holds), key=len, default="")
    views = {
        "change": change_form(release),
        "start": start_form(
            [f"{'s' * 37}{n:03}" for n in range(120)], [f"{'k' * 57}{n:03}" for n in range(21)], None
        ),
        "hold": hold_form(release.key, reason),
        "hold of": hold_form_of(keys, reason),
        "evidence": evidence_form(keys, "https://ci.example/" + "x" * 400),
        "evidence of": evidence_form(keys[:1], "https://ci.example/7"),
    }
    yield from ((name, one) for name, view in views.items() for one in against_view(view, people))


# Any legal release, told in other words.


def reworded(thing: Any, words: Mapping[str, str]) -> Any:
    """Return a record with some words in it in the place of others, in its parts and in theirs."""
    match thing:
        case _ if type(thing) is str:
            return words.get(thing, thing)
        case tuple() | frozenset():
            return type(thing)(reworded(one, words) for one in thing)
        case Mapping():
            return {reworded(key, words): reworded(value, words) for key, value in thing.items()}
        case BaseModel():
            parts = {name: reworded(getattr(thing, name), words) for name in type(thing).model_fields}
            return thing.model_copy(update=parts)
        case _ if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
            parts = {
                f.name: reworded(getattr(thing, f.name), words) for f in dataclasses.fields(thing) if f.init
            }
            return dataclasses.replace(thing, **parts)
        case _:
            return thing


NAMES: Final = (
    *(f"Gate {number}" for number in (0, 1, 7, 9)),
    *("Check", "Canary", "Production", "qa", "security", "on-call", "smoke"),
)
AS_FOUND: Final = (Phase.explicit, Phase.reuse, Phase.generate)
"""A release is told in a sentence by what is wrong with it; to look for a smaller one takes minutes."""
parts = st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=6)
lines = st.lists(st.sampled_from((*HOSTILE, *LINES)), min_size=1, max_size=6)


@st.composite
def wordings(draw: st.DrawFn) -> Mapping[str, str]:
    """Draw the longest and most hostile names, steps, reasons and comments."""
    name, step, reason = draw(parts), draw(parts), draw(lines)
    return {
        **{word: filled(name, number, 60) for number, word in enumerate(NAMES)},
        **{f"Step {number}": filled(step, number, 300) for number in (0, 1, 9)},
        **{word: filled(reason, "", 500) for word in ("It fails.", "No.")},
        "1.4.0": f"1{'_' * 63}",
        "1.4.1": f"1{'.a+b/-' * 10}",
        "checkout": "c" * 40,
        "checkout-1": f"{'c' * 40}-1234567890",
    }


@settings(UNHURRIED, max_examples=12, phases=AS_FOUND)
@given(releases(), wordings())
def test_what_is_shown_of_any_release_is_valid_in_any_words(
    release: Release, words: Mapping[str, str]
) -> None:
    assert against(reworded(release, words)) == []


@pytest.mark.proof
@settings(UNHURRIED, max_examples=150, phases=AS_FOUND)
@given(releases(), wordings())
def test_what_is_shown_of_any_release_is_valid_in_any_words_often(
    release: Release, words: Mapping[str, str]
) -> None:
    assert against(reworded(release, words)) == []


# A release with as much of everything as there may be.

MANY_STAGES, MANY_GATES, MANY_STEPS = 20, 20, 40
ROLE_NUMBERS: Final = range(15)
REPOSITORY: Final = f"https://git.example.com/{'r' * 176}"


@dataclass(frozen=True, slots=True)
class Words:
    """Names and reasons of the longest, all made of the same parts."""

    parts: Sequence[str]

    def name(self, mark: object) -> str:
        return filled(self.parts, mark, 60)

    def step(self, mark: object) -> str:
        return filled(self.parts, mark, 300)

    def reason(self, mark: object, longest: int = 500) -> str:
        return filled((*self.parts, *LINES), mark, longest)


def largest(words: Words, gates: int) -> Runbook:
    """Return a runbook of as many parts as there may be; the first stage has `gates`, and so the later ones."""
    of = {number: words.name(f"role {number}") for number in ROLE_NUMBERS}
    boss = words.name("boss")
    checks = tuple(
        Check(
            name=words.name(f"check {number}"),
            by=boss,
            each=number == 2,
            read=Read(url="https://shop.example/health") if number % 2 else None,
            soak=timedelta(days=90) if number % 2 else None,
        )
        for number in range(20)
    )
    every: Need = Of(parts=tuple(CheckPassed(check=check.name) for check in checks))
    each: Need = Of(parts=tuple(Seats(role=role, count=5) for role in of.values()))
    one_of: Need = Of(parts=tuple(Seats(role=role, count=1) for role in of.values()), count=1)
    wide: tuple[Need, ...] = (Of(parts=(each, every)), one_of, Seats(role=of[0], count=20))
    plan = Reminders(after=timedelta(minutes=1), every=timedelta(hours=1), limit=50)
    first = tuple(
        Gate(
            name=words.name(f"gate {number}"),
            needs=wide[min(number, 2)],
            expires=timedelta(days=90),
            remind=plan if number == 2 else Reminders(after=timedelta(minutes=1), limit=1),
        )
        for number in range(gates)
    )
    plain = tuple(
        Gate(name=words.name(f"gate {number}"), needs=Seats(role=of[number % 15], count=1))
        for number in range(gates)
    )
    work = steps(*(words.step(number) for number in range(MANY_STEPS)))
    stages = [
        Stage(name=words.name("stage 0"), owner=boss, begin=Begin.CAPTAIN, gates=first),
        Stage(name=words.name("stage 1"), owner=boss, production=True, begin=Begin.CAPTAIN, steps=work),
        *(
            Stage(name=words.name(f"stage {number}"), owner=of[0], production=True, gates=plain, steps=work)
            for number in range(2, MANY_STAGES)
        ),
    ]
    return runbook(
        *stages,
        roles=tuple(Role(name=name, group=f"group-{n}") for n, name in enumerate((*of.values(), boss))),
        checks=checks,
        overrides=boss,
        review=Review(count=5, always=True),
        rollback=WayBack(owner=boss, steps=work),
        handoffs=Handoffs(at=(time(9), time(17)), timezone="Europe/Berlin"),
        reminders=plan,
        repository=REPOSITORY,
        tickets=Tickets(pattern="#{number}", link=f"https://{'t' * 180}/{{key}}"),
    )


def crowded(book: Runbook) -> Mapping[str, tuple[UserId, ...]]:
    """Put more than a hundred people into each role."""
    others = [role.name for role in book.roles if role.group not in (None, "qa", "security", "on-call")]
    crowd = tuple(person.id for person in CROWD)
    few: dict[str, tuple[UserId, ...]] = {
        "captain": (ana.id,),
        **dict.fromkeys(("qa", "security", "on-call"), crowd[:3]),
    }
    return {**few, **{name: tuple(sorted(crowd[n : n + 110])) for n, name in enumerate(others)}}


def largest_manifest(words: Words) -> Manifest:
    """Return a manifest that names as much as a form of Slack brings, and a repository, and more."""
    readable = ["".join(filter(str.isprintable, part)) or "-" for part in words.parts]

    def line(mark: object) -> str:
        return filled(readable, mark, 200)

    return Manifest(
        authors=tuple(person.id for person in CROWD[130:160]),
        reviewers=tuple(person.id for person in CROWD[100:130]),
        commit="c" * 64,
        since="s" * 64,
        commits=tuple(
            Commit(id=f"{number:064}", author=line(number), summary=line(number)) for number in range(100)
        ),
        more=4_900,
        strangers=tuple(line(number) for number in range(30)),
        unread=line("unread"),
        pulls=tuple(
            Pull(
                number=10**9 - number,
                title=line(number),
                link=f"{REPOSITORY}/pull/{10**9 - number}",
                reviewers=tuple(person.id for person in CROWD[100:130]),
                strangers=tuple(line(number) for number in range(30)),
            )
            for number in range(PULLS_LIMIT)
        ),
        tickets=tuple(f"#{10**9 - 1 - number}" for number in range(TICKETS_LIMIT)),
        untold=line("untold"),
        labels=tuple(sorted(filled(readable, number, PATH_LIMIT) for number in range(LABELS_LIMIT))),
        paths=tuple(f"src/{number:03}/{'x' * 100}" for number in range(300)),
    )


def largest_withdrawn(words: Words) -> tuple[Withdrawn, ...]:
    """Return as much as there may be that was rolled back before."""
    return tuple(
        Withdrawn(
            key=ReleaseKey(f"{'s' * 40}-{number}"),
            version="v" * 64,
            at=NINE,
            reason=words.reason(f"back {number}"),
            mended=words.reason(f"mended {number}"),
        )
        for number in range(WITHDRAWN_LIMIT)
    )


def everything_of(words: Words, gates: int, hours: int = 54) -> Iterator[tuple[str, Release]]:
    """Tell the life of a release in which there is as much of everything as there may be, state by state."""
    book = largest(words, gates)
    facts = start_facts(book)
    directory = dataclasses.replace(
        town({}),
        groups={(role.group or role.name): crowded(book)[role.name] for role in book.roles},
        people=dict.fromkeys((ana.id, *(person.id for person in CROWD)), facts.directory.people[ana.id]),
    )
    earlier = Earlier(key=ReleaseKey(f"{'s' * 40}-7"), at=NINE, reason=words.reason("earlier"))
    known = dataclasses.replace(
        facts, directory=directory, number=123456, earlier=earlier, withdrawn=largest_withdrawn(words)
    )
    command = start("v" * 64, service="s" * 40, note=words.reason("note", 1_000))
    decided = decide_start(dataclasses.replace(command, manifest=largest_manifest(words)), known)
    assert not isinstance(decided, Refused), decided
    release = fold(decided)
    yield "started", release

    def plays(release: Release, *acts: Act) -> Release:
        return play(
            release,
            *(among(lambda town: dataclasses.replace(town, groups=directory.groups), act) for act in acts),
        )

    name = [gate.name for gate in book.stages[0].gates]
    boss = Person(release.members[words.name("boss")][0])
    release = plays(
        release,
        *(CROWD[n].rejects(name[1], words.reason(n)) for n in range(20)),
        *(CROWD[n].abstains(name[1], words.reason(n)) for n in range(20, 40)),
        *(CROWD[n].approves(name[0], words.reason(n)) for n in range(40, 120)),
        *(CROWD[n].approves(name[2], words.reason(n)) for n in range(15)),
        *(
            reading.says(check.name, tuple(Outcome)[n // 2 % 4], words.reason(n))
            if check.read
            else boss.reports(check.name, passed=bool(n % 4), comment=words.reason(n))
            for n, check in enumerate(book.checks)
        ),
        *(
            Person(by).reports(book.checks[2].name, passed=bool(n % 2), comment=words.reason(n))
            for n, by in enumerate(release.members[words.name("boss")])
        ),
    )
    yield "answered", release

    release = plays(
        release,
        *(CROWD[n].holds(words.reason(n), until=timedelta(hours=1 + n)) for n in range(10)),
        *(ana.lifts(n + 1, words.reason(n)) for n in range(10)),
        *(CROWD[n].holds(words.reason(n), until=timedelta(hours=1 + n)) for n in range(10, 20)),
        *(ana.lifts(n + 1, words.reason(n)) for n in range(10, 20)),
        *(CROWD[n].holds(words.reason(n), until=timedelta(hours=1 + n % 3)) for n in range(20, 30)),
        *(boss.attaches(f"https://ci.example/{n:03}{'&' * 478}", words.reason(n)) for n in range(20)),
    )
    yield "held", release

    for number in range(6):
        for duty in Duty:
            release = plays(release, ana.offers(CROWD[number], duty, words.reason(number)))
            if number % 2:
                release = plays(release, CROWD[number].declines(duty, words.reason(number)))
    for number in range(10, 16):
        release = plays(release, ana.offers(CROWD[number], Duty.SHADOW), CROWD[number].accepts(Duty.SHADOW))
    release = plays(release, *(ana.offers(CROWD[4], duty, words.reason(duty)) for duty in Duty))
    yield "offered", release
    release = plays(release, CROWD[4].accepts(Duty.DEPUTY))

    for _ in range(hours):
        release = plays(release, time_passes(hours=1))
    public = (past for past in release.reminders if past.way is not Way.PRIVATE)
    assert sum(past.gate == name[2] for past in public) == min(hours - 1, 49)
    yield "reminded", release

    release = plays(
        release,
        *(CROWD[n].withdraws(name[1], words.reason(n)) for n in range(20)),
        *(ana.changes(f"v{n}_{'w' * 60}") for n in range(3)),
        *(CROWD[n].approves(name[2], words.reason(n)) for n in range(15)),
        CROWD[0].leaves_the_channel(),
        ana.leaves_the_channel(),
    )
    yield "changed", release

    release = plays(
        release,
        ana.joins_the_channel(),
        *(boss.overrides(one, words.reason(n)) for n, one in enumerate(name)),
    )
    yield "overridden", release

    release = plays(release, *(ana.lifts(n + 1, words.reason(n)) for n in range(20, 30)))
    assert release.state is State.READY
    yield "ready", release

    release = plays(release, ana.begins(), ana.begins())
    yield "in progress", release
    todo = [step.do for step in book.stages[1].steps]
    for number, step in enumerate(todo):
        release = plays(release, boss.fails(step, words.reason(number)))
        if number in (0, 20):
            assert release.state is State.FAILED
            yield f"failed at {number}", release
        release = plays(release, boss.retries(step), boss.fails(step, words.reason(-number)))
        if number < MANY_STEPS - 1:
            release = plays(release, boss.skips(step, words.reason(number)))
    yield "failed at last", release

    release = plays(release, boss.skips(todo[-1], words.reason("last")))
    assert release.stage == 2
    yield "at the third stage", release

    release = plays(release, ana.rolls_back(words.reason("back")))
    yield "rolling back", release
    for number, step in enumerate(todo):
        release = plays(
            release, boss.fails(step, words.reason(number)), boss.skips(step, words.reason(number))
        )
    assert release.state is State.ROLLED_BACK
    yield "rolled back", release
    for number in range(60, 65):
        release = plays(release, later(CROWD[number].signs(words.reason(number)), hours=30))
    yield "reviewed", release


@pytest.mark.proof
def test_a_release_with_much_of_everything_is_shown() -> None:
    for state, release in everything_of(Words(HOSTILE), gates=3, hours=2):
        if state in ("offered", "in progress", "failed at 0"):
            assert (state, against(release)) == (state, [])
        if state == "failed at 0":
            return


@pytest.mark.proof
@pytest.mark.parametrize(
    "parts",
    [
        HOSTILE[:7],
        HOSTILE[7:16],
        HOSTILE[16:],
        ("&",),
        ("`",),
        ("<",),
        ('"\\',),
        ("👩‍👩‍👧‍👦",),
        ("\U0010ffff",),
        ("e\u0301",),
    ],
    ids=lambda parts: parts[0].encode("ascii", "backslashreplace").decode()[:12],
)
def test_a_release_with_as_much_of_everything_as_there_may_be_is_shown(parts: Sequence[str]) -> None:
    # How many reminders there were is a number, whatever the words, and takes long: so once is enough.
    hours = 54 if parts == HOSTILE[:7] else 4
    for state, release in everything_of(Words(parts), MANY_GATES, hours):
        assert (state, sorted({*against(release)})) == (state, [])
