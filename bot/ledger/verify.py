"""Checking a ledger: every chain unbroken, and every row what its events say."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, and_, select

from bot.ledger.codec import NO_EVENT, chained
from bot.ledger.ledger import Entry, Ledger, Row, projection
from bot.ledger.tables import releases
from bot.release.decide import fold


def verify(connection: Connection) -> Sequence[str]:
    """Return what is wrong with the ledger, the first fault of each release; empty when all is well."""
    ledger = Ledger()
    faults = (_fault(connection, ledger, row) for row in ledger.all(connection))
    return [fault for fault in faults if fault]


def _fault(connection: Connection, ledger: Ledger, row: Row) -> str | None:
    try:
        entries = ledger.entries(connection, row.id)
    except Exception as trouble:  # noqa: BLE001 - A body that cannot be read is what is looked for.
        return f"{row.id.key}: an event cannot be read: {trouble}"
    return next(iter(_broken_links(row, entries)), None) or _stale_row(connection, row, entries)


def _broken_links(row: Row, entries: Sequence[Entry]) -> Iterable[str]:
    prev = NO_EVENT
    for expected, entry in enumerate(entries, start=1):
        if entry.seq != expected:
            yield f"{row.id.key}: event {expected} is missing."
        if entry.prev != prev or entry.hash != chained(row.id, entry.seq, prev, entry.body):
            yield f"{row.id.key}: event {entry.seq} was changed, or another took its place."
        prev = entry.hash
    if prev != row.head:
        yield f"{row.id.key}: the newest events are missing; the chain does not end at {row.head[:12]}."


def _stale_row(connection: Connection, row: Row, entries: Sequence[Entry]) -> str | None:
    here = and_(releases.c.workspace == row.id.workspace, releases.c.release == row.id.key)
    stored = connection.execute(select(releases).where(here)).one()._asdict()
    release = fold(entry.event for entry in entries)
    expected = projection(release, row.head)
    wrong = [column for column, value in expected.items() if stored[column] != value]
    return f"{row.id.key}: its row differs from its events in {', '.join(wrong)}." if wrong else None
