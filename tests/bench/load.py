"""The load: people who each press again as soon as the press before was acknowledged."""

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from urllib.parse import urlsplit

import psutil

_LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """How long each acknowledgement took, how many came in a second, and what they cost the server."""

    ms: tuple[float, ...]
    per_second: float
    cpu_s: float

    @property
    def p50(self) -> float:
        return quantiles(self.ms, n=100, method="inclusive")[49]

    @property
    def p99(self) -> float:
        return quantiles(self.ms, n=100, method="inclusive")[98]

    @property
    def cpu_ms(self) -> float:
        """Processor time of the server for each, in milliseconds."""
        return self.cpu_s * 1000 / len(self.ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A process that serves HTTP."""

    address: str
    process: psutil.Process

    def cpu_s(self) -> float:
        """Return the processor time that it has used so far."""
        used = self.process.cpu_times()
        return used.user + used.system


def together(measured: Sequence[Acknowledged]) -> Acknowledged:
    """Return several measurements as one."""
    ms = tuple(one for each in measured for one in each.ms)
    rate, cpu = median(each.per_second for each in measured), sum(each.cpu_s for each in measured)
    return Acknowledged(ms=ms, per_second=rate, cpu_s=cpu)


class NotAcknowledged(Exception):
    """A press was not answered with 200, so there is nothing to measure."""


async def pressed(server: Server, requests: Sequence[bytes], people: int) -> Acknowledged:
    """Send the requests over as many connections as there are people. Raises NotAcknowledged."""
    place = urlsplit(server.address)
    lines = [await asyncio.open_connection(place.hostname, place.port) for _ in range(people)]
    waiting = iter(requests)
    started, used = time.perf_counter(), server.cpu_s()
    times = await asyncio.gather(*(_person(reader, writer, waiting) for reader, writer in lines))
    seconds, cpu_s = time.perf_counter() - started, server.cpu_s() - used
    for _, writer in lines:
        writer.close()
    ms = tuple(one * 1000 for each in times for one in each)
    return Acknowledged(ms=ms, per_second=len(ms) / seconds, cpu_s=cpu_s)


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
