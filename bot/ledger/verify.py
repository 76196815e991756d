"""Checking a ledger: every chain unbroken, and every row what its events say; and making the rows anew."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, select

from bot.ledger.codec import NO_EVENT, canonical, chained, decode
from bot.ledger.ledger import Ledger, projection
from bot.ledger.tables import events, releases, services
from bot.release.decide import fold
from bot.release.ids import ReleaseId

Written = Row[Any]
"""An event as it stands in its table."""


def verify(connection: Connection) -> Sequence[str]:
    """Return what is wrong with the ledger, the first fault of each release; empty when all is well."""
    rows = _rows(connection)
    faults = (
        _fault(connection, release, rows.get(release)) for release in sorted({*rows, *_written(connection)})
    )
    return [*(fault for fault in faults if fault), *_missing_releases(connection, rows)]


def count(connection: Connection) -> str:
    """Return how much there is, such as `2 releases, 17 events`."""
    written = connection.scalar(select(func.count()).select_from(events)) or 0
    return f"{len(_rows(connection))} releases, {written} events"


class EventsMissing(Exception):
    """The rows are not made anew, because events are missing or were changed; the message says which."""


def rebuild(connection: Connection) -> int:
    """Make the rows of all releases anew from their events, and return how many there are.

    The events are left as they are. What Slack shows is looked at again afterwards. Raises EventsMissing
    when a chain is broken or the rows know of more than there is: then the rows are what shows it.
    """
    rows = _rows(connection)
    if lost := tuple(_lost(connection, rows)):
        raise EventsMissing("\n".join(lost))
    shown = {release: row["shown_seq"] for release, row in rows.items()}
    connection.execute(delete(releases))
    connection.execute(delete(services))
    counts: Counter[tuple[str, str]] = Counter()
    for id_ in sorted(_written(connection)):
        entries = Ledger().entries(connection, id_)
        release = fold(entry.event for entry in entries)
        place = {"workspace": id_.workspace, "release": id_.key, "shown_seq": shown.get(id_, 0)}
        connection.execute(insert(releases).values(**place, **projection(release, entries[-1].hash)))
        counts[id_.workspace, release.service] += 1
    for (workspace, service), count in counts.items():
        connection.execute(insert(services).values(workspace=workspace, service=service, releases=count))
    return counts.total()


def _lost(connection: Connection, rows: Mapping[ReleaseId, Mapping[str, Any]]) -> Iterable[str]:
    every = {release: _events(connection, release) for release in {*rows, *_written(connection)}}
    heads = {event.hash for written in every.values() for event in written}
    for release, written in sorted(every.items()):
        if broken := _broken_link(release, written):
            yield broken
        elif release in rows and rows[release]["head"] not in heads:
            yield f"{release.key}: the newest events are missing."
    for service in connection.execute(select(services)):
        keys = (release.key for release in every if release.workspace == service.workspace)
        count = sum(key.rpartition("-")[0] == service.service for key in keys)
        if count < service.releases:
            yield f"{service.service}: {service.releases} releases were started, and {count} are here."


def _events(connection: Connection, release: ReleaseId) -> Sequence[Written]:
    here = and_(events.c.workspace == release.workspace, events.c.release == release.key)
    return connection.execute(select(events).where(here).order_by(events.c.seq)).all()


def _written(connection: Connection) -> Iterable[ReleaseId]:
    found = connection.execute(select(events.c.workspace, events.c.release).distinct())
    return [ReleaseId(row.workspace, row.release) for row in found]


def _rows(connection: Connection) -> Mapping[ReleaseId, Mapping[str, Any]]:
    found = connection.execute(select(releases))
    return {ReleaseId(row.workspace, row.release): row._asdict() for row in found}


def _fault(connection: Connection, release: ReleaseId, row: Mapping[str, Any] | None) -> str | None:
    try:
        written = _events(connection, release)
        return _broken_link(release, written) or _unlike_its_events(release, row, written)
    except Exception as trouble:  # noqa: BLE001 - What cannot be read or folded is what is looked for.
        return f"{release.key}: its events cannot be read: {type(trouble).__name__}: {trouble}"


def _broken_link(release: ReleaseId, written: Sequence[Written]) -> str | None:
    prev = NO_EVENT
    for expected, event in enumerate(written, start=1):
        if event.seq != expected:
            return f"{release.key}: event {expected} is missing."
        if event.prev != prev or not _is_as_written(release, event):
            return f"{release.key}: event {event.seq} was changed, or another took its place."
        prev = event.hash
    return None


def _is_as_written(release: ReleaseId, written: Written) -> bool:
    if written.hash != chained(release, written.seq, written.prev, written.body):
        return False
    # Another way to write the same JSON, or a column beside it, could tell another reader something else.
    event = decode(written.body)
    told = type(event).__name__, event.at, event.by
    return (written.kind, written.at, written.by) == told and canonical(
        json.loads(written.body)
    ) == written.body


def _unlike_its_events(
    release: ReleaseId, row: Mapping[str, Any] | None, written: Sequence[Written]
) -> str | None:
    if row is None:
        return f"{release.key}: its row is missing; `rollcall rebuild` makes it anew."
    head = written[-1].hash if written else NO_EVENT
    if row["head"] != head:
        return f"{release.key}: the newest events are missing; the chain does not end at {row['head'][:12]}."
    expected = projection(fold(decode(event.body) for event in written), head)
    wrong = ", ".join(column for column, value in expected.items() if row[column] != value)
    return f"{release.key}: its row differs from its events in {wrong}." if wrong else None


def _missing_releases(connection: Connection, rows: Mapping[ReleaseId, Mapping[str, Any]]) -> Iterable[str]:
    """Tell services of which more releases were started than are here."""
    here = Counter((release.workspace, row["service"]) for release, row in rows.items())
    started = {(row.workspace, row.service): row.releases for row in connection.execute(select(services))}
    for place in sorted({*here, *started}):
        if here[place] != started.get(place, 0):
            yield f"{place[1]}: {started.get(place, 0)} releases were started, and {here[place]} are here."
