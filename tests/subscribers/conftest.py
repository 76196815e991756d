"""A house and a receiver."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.subscribers.house import House
from tests.subscribers.receiver import Receiver, receiving


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.database.close()


@pytest.fixture
async def receiver(house: House) -> AsyncIterator[Receiver]:
    async with receiving(Receiver(house.clock.now)) as receiver:
        yield receiver
