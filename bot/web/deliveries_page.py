"""How the pages of deliveries look. They are made here whole, and need no script."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from bot.ledger.ledger import Entry
from bot.ledger.progress.tellings import Subscriber, Telling
from bot.release.ids import ReleaseKey
from bot.web.html import Html, joined, page, tag

PATH = "/deliveries"
OF_RELEASE = "/deliveries/release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A subscriber, where it is unless it is named no more, and how it stands with it."""

    subscriber: Subscriber
    where: str | None
    waiting: int
    in_trouble: Sequence[Telling]
    recent: Sequence[Telling]
    mark: str

    @property
    def name(self) -> str:
        """What the file calls it."""
        return self.subscriber.name

    @property
    def is_sent_to(self) -> bool:
        """Whether it is tried at all."""
        return self.where is not None and not self.subscriber.stopped


def overview(receivers: Sequence[Receiver], style: str, said: str) -> str:
    """Return the page with all receivers."""
    nobody = "Nobody is told of events. ROLLCALL_SUBSCRIBERS names a file with those who are."
    return page(
        "Deliveries · Rollcall",
        style,
        tag("h1", "Deliveries"),
        _said(said),
        tag("p", "Who is told of events, and how it goes.", class_="quiet"),
        *(map(_receiver, receivers) if receivers else [tag("section", tag("p", nobody))]),
    )


def of_release(
    receiver: Receiver,
    key: ReleaseKey,
    entries: Sequence[Entry],
    telling: Telling | None,
    style: str,
    said: str,
) -> str:
    """Return the page with the events of one release, as one receiver was told them."""
    rows = [_event(receiver, key, entry, telling) for entry in reversed(entries)]
    return page(
        f"{key} · Deliveries · Rollcall",
        style,
        tag("p", tag("a", "← Deliveries", href=PATH)),
        tag("h1", f"{key} to {receiver.name}"),
        _said(said),
        tag(
            "section",
            tag("p", _told_of(telling, entries)),
            tag("div", _button(receiver, "replay", "Replay the release", release=key), class_="acts"),
            tag("ul", *rows),
        ),
    )


def _said(said: str) -> Html | None:
    return tag("p", said, class_="well", role="status") if said else None


def _receiver(one: Receiver) -> Html:
    return tag(
        "section",
        tag("h2", one.name),
        tag("p", f"{one.where or 'Nowhere'}, since {_time(one.subscriber.since)}", class_="quiet"),
        _state(one),
        tag("ul", *(_troubled(one, telling) for telling in one.in_trouble)) if one.in_trouble else None,
        _recent(one),
        _acts(one),
        aria_label=one.name,
    )


def _state(one: Receiver) -> Html:
    waiting = f"{one.waiting} {'event waits' if one.waiting == 1 else 'events wait'}."
    if one.subscriber.stopped:
        at = _time(one.subscriber.stopped_at)
        why = tag("p", f"Nothing is sent since {at}. {one.subscriber.stopped}", class_="wrong")
        return joined(why, tag("p", waiting))
    if one.where is None:
        why = tag("p", "It is in the file no more, so nothing is sent.", class_="wrong")
        return joined(why, tag("p", waiting))
    if one.in_trouble:
        return tag("p", f"Not all is taken. {waiting}", class_="wrong")
    return tag("p", waiting) if one.waiting else tag("p", "All is told.", class_="well")


def _troubled(one: Receiver, telling: Telling) -> Html:
    times = "once" if telling.failures == 1 else f"{telling.failures} times"
    since = f"Tried {times} since {_time(telling.failing_since)}."
    ahead = "Given up." if telling.given_up else f"Next try at {_time(telling.next_at)}."
    what = f" event {telling.told + 1} of {telling.head}: {telling.answer}"
    again = _button(one, "replay", "Try again", release=telling.release, seq=str(telling.told + 1))
    return tag(
        "li",
        tag(
            "div",
            tag("p", _link(one, telling.release), what),
            tag("p", since, tag("b", f" {ahead}") if one.is_sent_to else None, class_="quiet"),
        ),
        again if one.is_sent_to else None,
    )


def _recent(one: Receiver) -> Html | None:
    if not one.recent:
        return None
    last = [joined(_link(one, telling.release), f" at {_time(telling.told_at)}") for telling in one.recent]
    between = [part for link in last for part in (", ", link)][1:]
    return tag("p", "Taken last: ", *between, class_="quiet")


def _acts(one: Receiver) -> Html:
    ask = tag(
        "form",
        tag("input", type="hidden", name="subscriber", value=one.name),
        tag("input", name="release", placeholder="checkout-42", aria_label="Release", required="required"),
        tag("button", "Show"),
        action=OF_RELEASE,
    )
    everything = tag(
        "details",
        tag("summary", "Replay everything…"),
        tag("p", "Every event of every release is sent again, from the first one on.", class_="quiet"),
        _button(one, "replay-all", "Replay everything"),
    )
    forgotten = tag(
        "details",
        tag("summary", "Forget it…"),
        tag("p", "What waits for it is then sent to nobody.", class_="quiet"),
        _button(one, "forget", "Forget it"),
    )
    again = _button(one, "go-on", "Go on" if one.subscriber.stopped else "Try all now")
    needed = one.where is not None and (one.subscriber.stopped or one.in_trouble)
    row = tag("div", again if needed else None, ask, class_="acts")
    return joined(row, forgotten if one.where is None else everything)


def _event(receiver: Receiver, key: ReleaseKey, entry: Entry, telling: Telling | None) -> Html:
    kind = type(entry.event).__name__
    return tag(
        "li",
        tag(
            "div",
            tag("p", tag("b", f"{entry.seq} {kind}"), f" · {_stands(entry.seq, telling)}"),
            tag("p", f"{_time(entry.event.at)} · {entry.hash[:12]}", class_="quiet"),
        ),
        _button(receiver, "replay", "Replay from here", release=key, seq=str(entry.seq)),
    )


def _stands(seq: int, telling: Telling | None) -> str:
    if telling is None:
        return "not to be told"
    if seq <= telling.told:
        return "told"
    if seq > telling.told + 1 or not telling.failures:
        return "waits"
    return f"not taken: {telling.answer}"


def _told_of(telling: Telling | None, entries: Sequence[Entry]) -> str:
    if telling is None:
        return f"It was there before it was to be told. A replay tells it all {len(entries)} events."
    return f"Told up to event {telling.told} of {telling.head}."


def _button(one: Receiver, act: str, label: str, **about: str) -> Html:
    fields = {"subscriber": one.name, "mark": one.mark, **about}
    hidden = (tag("input", type="hidden", name=name, value=value) for name, value in fields.items())
    return tag("form", *hidden, tag("button", label, name="act", value=act), method="post", action=PATH)


def _link(one: Receiver, key: str) -> Html:
    return tag("a", key, href=address(one.name, key))


def address(name: str, key: str, said: str = "") -> str:
    """Return where the page of a release is."""
    query = {"subscriber": name, "release": key, **({"said": said} if said else {})}
    return f"{OF_RELEASE}?{urlencode(query)}"


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else "never"
