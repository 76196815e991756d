"""Who is told of events: where, signed with what, and of which."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.signing import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """One receiver. `keys` sign what it is sent; it hears of these services and kinds, or of all."""

    name: str
    url: str
    keys: tuple[Key, ...]
    services: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()

    def wants(self, service: str, kind: str) -> bool:
        """Return whether it hears of a kind of event, by the name of its class, of a service."""
        return (not self.services or service in self.services) and (not self.kinds or kind in self.kinds)

    @property
    def where(self) -> str:
        """The address without its query, in which a token may stand."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}"
