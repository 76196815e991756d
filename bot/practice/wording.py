"""How what people type becomes Slack's markup: escaped, with mentions of people, groups and channels."""

import re

from bot.practice.workspace import Workspace

BROADCASTS = ("here", "channel", "everyone")
TOKEN = re.compile(
    r"&lt;@(?P<user>U\w+)&gt;"
    r"|(?<![\w&])[@#](?P<name>[\w.-]*\w)"
    r"|(?P<url>https?://(?:(?!&[lg]t;)[^\s|])*[\w/=&#-])"
)


def escaped(text: str) -> str:
    """Escape the three characters that Slack's markup is made of."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def typed(workspace: Workspace, text: str) -> str:
    """Return typed text as Slack stores and sends it.

    `@name`, `#channel`, a chosen `<@U…>` and web addresses become markup when they are known; whatever
    else looks like markup, such as `<!channel>`, stays text. Capitals make no difference to a name.
    """
    return TOKEN.sub(lambda found: _marked(workspace, found), escaped(text))


def _marked(workspace: Workspace, found: re.Match[str]) -> str:
    if user := found["user"]:
        return f"<@{user}>" if user in workspace.people else found[0]
    if url := found["url"]:
        return f"<{url}>"
    if found[0].startswith("#"):
        return _channel(workspace, found["name"]) or found[0]
    return _called(workspace, found["name"]) or found[0]


def _channel(workspace: Workspace, called: str) -> str | None:
    name = called.lower()
    for channel in workspace.channels.values():
        if channel.name == name and channel.im_with is None:
            return f"<#{channel.id}|{'' if channel.private else channel.name}>"
    return None


def _called(workspace: Workspace, called: str) -> str | None:
    name = called.lower()
    for person in workspace.people.values():
        if person.name == name:
            return f"<@{person.id}>"
    for group in workspace.groups.values():
        if group.handle == name:
            return f"<!subteam^{group.id}|@{group.handle}>"
    return f"<!{name}>" if name in BROADCASTS else None
