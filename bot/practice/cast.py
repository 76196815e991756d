"""Who and what is in the practice workspace when it opens for the first time; the ids never change.

The tokens open nothing but a practice Slack.
"""

from dataclasses import dataclass, replace
from datetime import datetime

BOT_TOKEN = "xoxb-practice"  # noqa: S105
APP_TOKEN = "xapp-practice"  # noqa: S105
SIGNING_SECRET = "practice-signing-secret"  # noqa: S105

TEAM_ID = "T0PRACTICE"
TEAM_NAME = "Practice"
TEAM_DOMAIN = "practice"
OTHER_TEAM_ID = "T0ELSEWHERE"
OTHER_TEAM_DOMAIN = "elsewhere"

APP_ID = "A0ROLLCALL"
APP_NAME = "rollcall"
BOT_USER = "U0ROLLCALL"
BOT_ID = "B0ROLLCALL"
SLACKBOT = "USLACKBOT"
VERIFICATION_TOKEN = "practice-verification-token"  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody in the workspace; `tz` is an IANA name and `name` is unique.

    `single_channel` marks the guest of one channel, and `team` differs for somebody of another workspace
    who is here through Slack Connect. The times of a status and of a pause are Unix seconds, 0 for
    never; `at` tells what of them still holds.
    """

    id: str
    name: str
    real_name: str
    title: str
    tz: str
    guest: bool = False
    single_channel: bool = False
    bot: bool = False
    deactivated: bool = False
    team: str = TEAM_ID
    status_text: str = ""
    status_emoji: str = ""
    status_expiration: int = 0
    paused_from: int = 0
    paused_until: int = 0

    def at(self, now: datetime) -> "Person":
        """Return the person at a moment: without a status that has expired, or a pause that is over."""
        person, second = self, now.timestamp()
        if 0 < person.status_expiration <= second:
            person = replace(person, status_text="", status_emoji="", status_expiration=0)
        if person.paused_until <= second:
            person = replace(person, paused_from=0, paused_until=0)
        return person

    @property
    def external(self) -> bool:
        return self.team != TEAM_ID

    @property
    def domain(self) -> str:
        return OTHER_TEAM_DOMAIN if self.external else TEAM_DOMAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A channel as it is at the beginning; `members` are ids."""

    id: str
    name: str
    private: bool
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A user group; `handle` is what people type after the @."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlashCommand:
    """A slash command that the app has registered."""

    command: str
    description: str
    usage_hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """A shortcut that the app has registered; `type` is global or message."""

    name: str
    type: str
    callback_id: str
    description: str


PEOPLE = (
    Person(id="U0ANA", name="ana", real_name="Ana Ortiz", title="Release manager", tz="America/New_York"),
    Person(id="U0BEN", name="ben", real_name="Ben Vogel", title="QA", tz="Europe/Berlin"),
    Person(id="U0BEA", name="bea", real_name="Bea Lang", title="QA", tz="Europe/Berlin"),
    Person(id="U0CLEO", name="cleo", real_name="Cleo Tan", title="Security", tz="Asia/Singapore"),
    Person(id="U0DAN", name="dan", real_name="Dan Hughes", title="On call", tz="Europe/London"),
    Person(id="U0DEE", name="dee", real_name="Dee Okafor", title="On call", tz="Europe/London"),
    Person(id="U0GUS", name="gus", real_name="Gus Marsh", title="Guest", tz="Europe/London", guest=True),
    Person(
        id="U0GIL",
        name="gil",
        real_name="Gil Novak",
        title="Guest of one channel",
        tz="Europe/Prague",
        guest=True,
        single_channel=True,
    ),
    Person(
        id="U0SOL",
        name="sol",
        real_name="Sol Reyes",
        title="From another workspace",
        tz="America/Sao_Paulo",
        team=OTHER_TEAM_ID,
    ),
    Person(id="U0PIPELINE", name="pipeline", real_name="Pipeline", title="Bot", tz="Etc/UTC", bot=True),
)
BOTS = (
    Person(id=BOT_USER, name=APP_NAME, real_name="Rollcall", title="", tz="America/Los_Angeles", bot=True),
    Person(id=SLACKBOT, name="slackbot", real_name="Slackbot", title="", tz="America/Los_Angeles"),
)
EVERYBODY = tuple(person.id for person in PEOPLE)
AT_HOME = tuple(
    person.id for person in PEOPLE if not (person.single_channel or person.external or person.bot)
)
PLACES = (
    Place(id="C0RELEASES", name="releases", private=False, members=(*EVERYBODY, BOT_USER)),
    Place(id="C0RANDOM", name="random", private=False, members=AT_HOME),
    Place(id="C0WARROOM", name="war-room", private=True, members=("U0ANA", "U0DAN", "U0DEE")),
)
GROUPS = (
    Group(id="S0MANAGERS", handle="release-managers", name="Release managers", users=("U0ANA",)),
    Group(id="S0QA", handle="qa", name="QA", users=("U0BEN", "U0BEA")),
    Group(id="S0SECURITY", handle="security", name="Security", users=("U0CLEO",)),
    Group(id="S0ONCALL", handle="on-call", name="On call", users=("U0DAN", "U0DEE")),
)
COMMANDS = (
    SlashCommand(
        command="/release",
        description="Run a release from here",
        usage_hint="start checkout 1.4.0 | status | list | cancel | help",
    ),
)
SHORTCUTS = (
    Shortcut(
        name="Start a release",
        type="global",
        callback_id="start_release_v1",
        description="Choose what goes out, and where",
    ),
    Shortcut(
        name="Hold the release for it",
        type="message",
        callback_id="hold_for_message_v1",
        description="Nothing moves forward until the concern is settled",
    ),
    Shortcut(
        name="Attach as evidence",
        type="message",
        callback_id="attach_message_v1",
        description="Keep the link of this message with a release",
    ),
)
SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:manage",
        "channels:read",
        "chat:write",
        "chat:write.public",
        "commands",
        "dnd:read",
        "groups:history",
        "groups:read",
        "groups:write",
        "im:history",
        "im:write",
        "usergroups:read",
        "users:read",
        "users:read.email",
    }
)


def dm_id(user: str) -> str:
    """Name the direct-message channel between the app and the person."""
    return "D" + user.removeprefix("U")
