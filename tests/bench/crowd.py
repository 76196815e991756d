"""A practice Slack with a crowd in it, in a process of its own, as Slack is: `crowd COUNT`."""

import asyncio
import sys

from bot.clock import MovableClock
from bot.practice import Practice
from bot.practice.cast import Person


def crowd(count: int) -> tuple[Person, ...]:
    """Return the people who approve."""
    names = (f"P{number:03}" for number in range(count))
    return tuple(
        Person(id=f"U0{name}", name=name.lower(), real_name=name, title="Approver", tz="Europe/Berlin")
        for name in names
    )


async def serve(people: tuple[Person, ...]) -> None:
    """Open a practice Slack without rate limits on a free port, and print its address."""
    practice = Practice(MovableClock(), limits=False)
    practice.workspace.people.update({person.id: person for person in people})
    async with practice.serving(port=0):
        print(practice.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(crowd(int(sys.argv[1]))))
