"""The load: people who each press again as soon as the press before was acknowledged."""

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import quantiles
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """How long each acknowledgement took, in milliseconds, and how many came in a second."""

    ms: tuple[float, ...]
    per_second: float

    @property
    def p50(self) -> float:
        return quantiles(self.ms, n=100, method="inclusive")[49]

    @property
    def p99(self) -> float:
        return quantiles(self.ms, n=100, method="inclusive")[98]


class NotAcknowledged(Exception):
    """A press was not answered with 200, so there is nothing to measure."""


async def pressed(address: str, requests: Sequence[bytes], people: int) -> Acknowledged:
    """Send the requests over as many connections as there are people. Raises NotAcknowledged."""
    place = urlsplit(address)
    lines = [await asyncio.open_connection(place.hostname, place.port) for _ in range(people)]
    waiting = iter(requests)
    started = time.perf_counter()
    times = await asyncio.gather(*(_person(reader, writer, waiting) for reader, writer in lines))
    seconds = time.perf_counter() - started
    for _, writer in lines:
        writer.close()
    ms = tuple(one * 1000 for each in times for one in each)
    return Acknowledged(ms=ms, per_second=len(ms) / seconds)


async def _person(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, waiting: Iterator[bytes]
) -> list[float]:
    times = []
    for request in waiting:
        started = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        times.append(time.perf_counter() - started)
        if not head.startswith(b"HTTP/1.1 200"):
            raise NotAcknowledged(f"{head!r} {body!r}")
    return times
