"""HTML in which text stays text."""

from html import escape
from typing import Final

VOID: Final = ("input", "meta")


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, /, *inside: str | None, **attributes: str) -> Html:
    """Return an element. What is inside is escaped unless it is HTML; `class_` is the attribute `class`."""
    said = "".join(f' {_spelt(key)}="{escape(value)}"' for key, value in attributes.items())
    content = joined(*inside)
    return Html(f"<{name}{said}>" if name in VOID else f"<{name}{said}>{content}</{name}>")


def joined(*parts: str | None) -> Html:
    """Return parts one after the other; those that are None are left out."""
    there = (part for part in parts if part is not None)
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in there))


def page(title: str, style: str, *inside: str | None) -> str:
    """Return a whole page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Html(style)),
    )
    return f"<!doctype html>\n{tag('html', head, tag('body', tag('main', *inside)), lang='en')}\n"


def _spelt(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
