"""Checking a ledger: every chain unbroken, and every row what its events say; and making the rows anew."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, select

from bot.ledger import own, tables
from bot.ledger.codec import NO_EVENT, canonical, chained, decode, decode_any
from bot.ledger.ledger import projection
from bot.ledger.own import MARK
from bot.ledger.progress import readings, runs
from bot.ledger.tables import events, releases, services
from bot.release.decide import fold
from bot.release.ids import ReleaseId
from bot.release.release import Release

Written = Row[Any]
"""An event as it stands in its table."""
Rows = Mapping[ReleaseId, Mapping[str, Any]]
"""The row that follows from each chain of events."""


def verify(connection: Connection) -> Sequence[str]:
    """Return what is wrong with the ledger, the first fault of each chain; empty when all is well."""
    rows, people = _rows(connection), _people(connection)
    chains = _chains(connection)
    of_releases = {*rows, *(chain for chain in chains if not _is_person(chain))}
    of_people = {*people, *filter(_is_person, chains)}
    return [
        *_faults(connection, of_releases, rows, _projected),
        *_missing_releases(connection, rows),
        *_faults(connection, of_people, people, own.projection),
    ]


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
    if lost := tuple(_lost(connection, {**rows, **_people(connection)})):
        raise EventsMissing("\n".join(lost))
    for table in (releases, services, tables.absences):
        connection.execute(delete(table))
    counts: Counter[tuple[str, str]] = Counter()
    for chain in _chains(connection):
        if _is_person(chain):
            own.project(connection, chain)
            continue
        shown = rows[chain]["shown_seq"] if chain in rows else 0
        written = _events(connection, chain)
        row = _projected(written)
        place = {"workspace": chain.workspace, "release": chain.key, "shown_seq": shown}
        connection.execute(insert(releases).values(**place, **row))
        release = _folded(written)
        runs.ask_anew(connection, chain, release.runs)
        readings.follow_anew(connection, release)
        counts[chain.workspace, str(row["service"])] += 1
    for (workspace, service), count in counts.items():
        connection.execute(insert(services).values(workspace=workspace, service=service, releases=count))
    return counts.total()


def _lost(connection: Connection, rows: Rows) -> Iterable[str]:
    every = {chain: _events(connection, chain) for chain in {*rows, *_chains(connection)}}
    heads = {event.hash for written in every.values() for event in written}
    for chain, written in sorted(every.items()):
        if broken := _broken_link(chain, written):
            yield broken
        elif chain in rows and rows[chain]["head"] not in heads:
            yield f"{chain.key}: the newest events are missing."
    for service in connection.execute(select(services)):
        keys = (chain.key for chain in every if chain.workspace == service.workspace)
        count = sum(key.rpartition("-")[0] == service.service for key in keys)
        if count < service.releases:
            yield f"{service.service}: {service.releases} releases were started, and {count} are here."


def _events(connection: Connection, chain: ReleaseId) -> Sequence[Written]:
    here = and_(events.c.workspace == chain.workspace, events.c.release == chain.key)
    return connection.execute(select(events).where(here).order_by(events.c.seq)).all()


def _chains(connection: Connection) -> Sequence[ReleaseId]:
    """Return where there are events: of releases, and of people."""
    found = connection.execute(select(events.c.workspace, events.c.release).distinct())
    return sorted(ReleaseId(row.workspace, row.release) for row in found)


def _is_person(chain: ReleaseId) -> bool:
    return chain.key.startswith(MARK)


def _rows(connection: Connection) -> Rows:
    found = connection.execute(select(releases))
    return {ReleaseId(row.workspace, row.release): row._asdict() for row in found}


def _people(connection: Connection) -> Rows:
    found = connection.execute(select(tables.absences))
    return {own.chain_of(row.workspace, row.person): row._asdict() for row in found}


def _projected(written: Sequence[Written]) -> Mapping[str, object]:
    return projection(_folded(written), written[-1].hash)


def _folded(written: Sequence[Written]) -> Release:
    return fold(decode(event.body) for event in written)


def _faults(
    connection: Connection,
    chains: Iterable[ReleaseId],
    rows: Rows,
    projected: Callable[[Sequence[Written]], Mapping[str, object]],
) -> Iterable[str]:
    for chain in sorted(chains):
        try:
            written = _events(connection, chain)
            fault = _broken_link(chain, written) or _unlike(chain, rows.get(chain), written, projected)
        except Exception as trouble:  # noqa: BLE001 - What cannot be read or folded is what is looked for.
            fault = f"{chain.key}: its events cannot be read: {type(trouble).__name__}: {trouble}"
        if fault:
            yield fault


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
    event = decode_any(written.body)
    told = type(event).__name__, event.at, event.by
    return (written.kind, written.at, written.by) == told and canonical(
        json.loads(written.body)
    ) == written.body


def _unlike(
    chain: ReleaseId,
    row: Mapping[str, Any] | None,
    written: Sequence[Written],
    projected: Callable[[Sequence[Written]], Mapping[str, object]],
) -> str | None:
    if row is None:
        return f"{chain.key}: its row is missing; `rollcall rebuild` makes it anew."
    if row["head"] != (written[-1].hash if written else NO_EVENT):
        return f"{chain.key}: the newest events are missing; the chain does not end at {row['head'][:12]}."
    expected = projected(written)
    wrong = ", ".join(
        column
        for column, value in expected.items()
        if row[column] != value and not _put_off(column, row, value)
    )
    return f"{chain.key}: its row differs from its events in {wrong}." if wrong else None


def _put_off(column: str, row: Mapping[str, Any], expected: object) -> bool:
    """Return whether it is the time of the next look, which was put off because there was nothing to do."""
    at = row[column] if column == "attention_at" else None
    return isinstance(at, datetime) and isinstance(expected, datetime) and at > expected


def _missing_releases(connection: Connection, rows: Rows) -> Iterable[str]:
    """Tell services of which more releases were started than are here."""
    here = Counter((release.workspace, row["service"]) for release, row in rows.items())
    started = {(row.workspace, row.service): row.releases for row in connection.execute(select(services))}
    for place in sorted({*here, *started}):
        if here[place] != started.get(place, 0):
            yield f"{place[1]}: {started.get(place, 0)} releases were started, and {here[place]} are here."
