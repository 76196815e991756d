"""Working hours that people set: what they type, and when they are reminded from then on."""

from datetime import time

import pytest
from inline_snapshot import snapshot

from bot.release.ids import UserId
from bot.release.people.hours import Hours, Week
from bot.slack.subcommands.hours import week_of
from bot.slack.writing.hours import reminded
from tests.world import World

BEN, BEA = UserId("U0BEN"), UserId("U0BEA")
NOW = Week(begins=time(10), ends=time(16), days=(1, 2))


async def test_who_works_from_two_is_reminded_at_two(world: World) -> None:
    """It is eleven in Berlin, where Ben and Bea are."""
    await world.ana.types("/release start checkout 1.4.0")
    assert await world.ben.types("/release hours 14:00-22:00") == snapshot(
        "You are reminded from 14:00 to 22:00, Monday to Friday (Europe/Berlin)."
    )
    await world.until(lambda release: release.hours[BEN].begins == time(14), "checkout-1")
    await world.passes(hours=1, minutes=1)
    assert [one.people for one in (await world.release("checkout-1")).reminders] == [(BEA,)]
    await world.passes(hours=1, minutes=58)
    assert BEN not in (await world.release("checkout-1")).reminders[-1].people
    await world.passes(minutes=2)
    assert BEN in (await world.release("checkout-1")).reminders[-1].people
    assert await world.digest("ben", "1 thing waits")


async def test_hours_are_shown_changed_and_put_back(world: World) -> None:
    assert await world.ben.types("/release hours") == snapshot(
        "You are reminded from 09:00 to 18:00, Monday to Friday (Europe/Berlin). To change that: `/release hours 9:30-17:00 mon-thu`"
    )
    assert await world.ben.types("/release hours 9:30-17:00 mon-thu") == snapshot(
        "You are reminded from 09:30 to 17:00, Monday to Thursday (Europe/Berlin)."
    )
    assert await world.ben.types("/release hours 9:30-17:00 mon-thu") == snapshot(
        "These are your working hours already."
    )
    assert await world.ben.types("/release hours 22-6") == snapshot(
        "You are reminded from 22:00 to 06:00 the next day, Monday to Thursday (Europe/Berlin)."
    )
    assert await world.ben.types("/release hours usual") == snapshot(
        "You are reminded from 09:00 to 18:00, Monday to Friday (Europe/Berlin)."
    )
    assert await world.bea.types("/release hours usual") == snapshot("These are your working hours already.")


async def test_what_are_no_hours_is_answered_with_what_was_wrong_and_an_example(world: World) -> None:
    assert await world.ben.types("/release hours 9am-5pm mon-fri") == snapshot(
        "I cannot read “9am-5pm” as times of a day of 24 hours, nor as days. For example: `/release hours 9:30-17:00 mon-thu`, or `/release hours usual`"
    )
    assert await world.ben.types("/release hours 9-17 mon-<!channel>") == snapshot(
        "I cannot read “mon-<!channel>” as times of a day of 24 hours, nor as days. For example: `/release hours 9:30-17:00 mon-thu`, or `/release hours usual`"
    )
    assert await world.ben.types("/release hours mon-thu") == snapshot(
        "These are days alone: say from when to when you work, too. For example: `/release hours 9:30-17:00 mon-thu`, or `/release hours usual`"
    )
    assert await world.ben.types("/release hours 9-12 13-17") == snapshot(
        "Say only once from when to when you work: it is the same on all days. For example: `/release hours 9:30-17:00 mon-thu`, or `/release hours usual`"
    )
    assert await world.ben.types("/release hours") == snapshot(
        "You are reminded from 09:00 to 18:00, Monday to Friday (Europe/Berlin). To change that: `/release hours 9:30-17:00 mon-thu`"
    )


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "9-25",
        "9:60-17",
        "9am-5pm",
        "mon-thu",
        "9-12 13-17",
        "9-17 someday",
        "9-17 m",
        "9-17 mon-wed-fri",
        "9",
        "-",
    ],
)
def test_what_cannot_be_read_is_no_hours(text: str) -> None:
    assert isinstance(week_of(text, NOW), str)


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("9:30-17:00 mon-thu", Week(begins=time(9, 30), ends=time(17), days=(0, 1, 2, 3))),
        ("09:30 – 17:00 Mon — Thu", Week(begins=time(9, 30), ends=time(17), days=(0, 1, 2, 3))),
        ("9 to 17 monday to thursday", Week(begins=time(9), ends=time(17), days=(0, 1, 2, 3))),
        ("mon,wed, fri 0:05-23:59", Week(begins=time(0, 5), ends=time(23, 59), days=(0, 2, 4))),
        ("sun-thu 8-16", Week(begins=time(8), ends=time(16), days=(0, 1, 2, 3, 6))),
        ("22-6 sa su sat", Week(begins=time(22), ends=time(6), days=(5, 6))),
        ("8-16 tue-tue", Week(begins=time(8), ends=time(16), days=(1,))),
        ("8-16", Week(begins=time(8), ends=time(16), days=(1, 2))),
        ("Usual", Week()),
    ],
)
def test_hours_can_be_written_in_many_ways(text: str, week: Week) -> None:
    assert week_of(text, NOW) == week


@pytest.mark.parametrize(
    ("week", "said"),
    [
        (Week(), "from 09:00 to 18:00, Monday to Friday"),
        (Week(days=tuple(range(7))), "from 09:00 to 18:00, every day"),
        (Week(days=(0, 1, 2, 3, 6)), "from 09:00 to 18:00, Sunday to Thursday"),
        (Week(days=(0, 6)), "from 09:00 to 18:00, Sunday and Monday"),
        (Week(days=(0, 2, 3, 4, 6)), "from 09:00 to 18:00, Wednesday to Friday, Sunday and Monday"),
        (Week(days=(2,)), "from 09:00 to 18:00, Wednesday"),
        (Week(begins=time(22, 15), ends=time(6)), "from 22:15 to 06:00 the next day, Monday to Friday"),
        (Week(begins=time(8), ends=time(8)), "from 08:00 to 08:00 the next day, Monday to Friday"),
    ],
)
def test_hours_are_said_in_words(week: Week, said: str) -> None:
    hours = Hours(zone="America/New_York").in_week(week)
    assert reminded(hours) == f"You are reminded {said} (America/New_York)."
