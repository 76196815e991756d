"""Block Kit as tables: which fields each block, element and composition object has, and their limits.

The limits are those of Slack's reference pages and of its own typed limits in `@slack/types`.
What is not listed here is refused: a practice that is kinder than Slack would teach the wrong thing.
"""

from typing import Literal, TypeAlias

from bot.practice.blockkit.rules import ByType, Choice, Flag, FlatObject, ListOf, Rule, Shape, Text, Whole

Surface: TypeAlias = Literal["message", "modal", "home"]
Fields: TypeAlias = dict[str, Rule]

MARKDOWN_LONGEST = 12_000  # Characters of all markdown blocks of one payload together.
VIEW_LARGEST = 250_000  # Bytes of a view's JSON.

# Composition objects, which elements and blocks are made of.

PLAIN = "plain_text"
MRKDWN = "mrkdwn"


def _text_shape(kind: str, longest: int) -> Shape:
    switch = "emoji" if kind == PLAIN else "verbatim"
    return Shape(required={"text": Text(longest=longest)}, optional={switch: Flag()})


def plain(longest: int) -> ByType:
    """Return the rule of a text object that may only be `plain_text`."""
    return ByType(shapes={PLAIN: _text_shape(PLAIN, longest)})


def text(longest: int) -> ByType:
    """Return the rule of a text object, `plain_text` or `mrkdwn`."""
    return ByType(shapes={kind: _text_shape(kind, longest) for kind in (PLAIN, MRKDWN)})


STYLE = Choice(values=("primary", "danger"))
URL = Text(longest=3_000)
CONFIRM = Shape(
    required={"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    optional={"style": STYLE},
)
OPTION = Shape(required={"text": plain(75), "value": Text(longest=150)}, optional={"description": plain(75)})
OVERFLOW_OPTION = Shape(required=OPTION.required, optional={**OPTION.optional, "url": URL})
RICH_OPTION = Shape(
    required={"text": text(75), "value": Text(longest=150)}, optional={"description": text(75)}
)
OPTION_GROUP = Shape(required={"label": plain(75), "options": ListOf(item=OPTION, most=100)})
CONVERSATION_FILTER = Shape(
    optional={
        "include": ListOf(item=Choice(values=("im", "mpim", "private", "public"))),
        "exclude_external_shared_channels": Flag(),
        "exclude_bot_users": Flag(),
    },
    any_of=("include", "exclude_external_shared_channels", "exclude_bot_users"),
)
DISPATCH_CONFIG = Shape(
    optional={"trigger_actions_on": ListOf(item=Choice(values=("on_enter_pressed", "on_character_entered")))}
)

# Fields that several elements share.

ID = Text(longest=255)
IDS = ListOf(item=Text(), fewest=0)
ACTION: Fields = {"action_id": ID}
ASKING: Fields = {**ACTION, "confirm": CONFIRM}
FOCUSED: Fields = {**ASKING, "focus_on_load": Flag()}
HOLDER: Fields = {"placeholder": plain(150)}
MENU: Fields = {**FOCUSED, **HOLDER}
MENU_OF_MANY: Fields = {**MENU, "max_selected_items": Whole(least=1)}
TYPED: Fields = {**ACTION, **HOLDER, "focus_on_load": Flag(), "dispatch_action_config": DISPATCH_CONFIG}
OPTIONS: Fields = {
    "options": ListOf(item=OPTION, most=100),
    "option_groups": ListOf(item=OPTION_GROUP, most=100),
}
EXTERNAL: Fields = {"min_query_length": Whole(least=0)}
CHANNEL: Fields = {"response_url_enabled": Flag()}
CONVERSATION: Fields = {"default_to_current_conversation": Flag(), "filter": CONVERSATION_FILTER}
NUMBER = Text(form=r"-?\d+(\.\d+)?")

# Elements, which stand in blocks.

BUTTON = Shape(
    required={"text": plain(75)},
    optional={
        **ASKING,
        "url": URL,
        "value": Text(shortest=0, longest=2_000),
        "style": STYLE,
        "accessibility_label": Text(longest=75),
    },
)
IMAGE = Shape(
    required={"alt_text": Text(longest=2_000)},
    optional={
        "image_url": Text(longest=3_000, form=r"https?://\S+"),
        "slack_file": Shape(optional={"id": Text(), "url": URL}, one_of=("id", "url")),
    },
    one_of=("image_url", "slack_file"),
)
SELECTS = {
    "static_select": Shape(
        optional={**MENU, **OPTIONS, "initial_option": OPTION}, one_of=("options", "option_groups")
    ),
    "external_select": Shape(optional={**MENU, **EXTERNAL, "initial_option": OPTION}),
    "users_select": Shape(optional={**MENU, "initial_user": Text()}),
    "conversations_select": Shape(
        optional={**MENU, **CHANNEL, **CONVERSATION, "initial_conversation": Text()}
    ),
    "channels_select": Shape(optional={**MENU, **CHANNEL, "initial_channel": Text()}),
    "multi_static_select": Shape(
        optional={**MENU_OF_MANY, **OPTIONS, "initial_options": ListOf(item=OPTION)},
        one_of=("options", "option_groups"),
    ),
    "multi_external_select": Shape(
        optional={**MENU_OF_MANY, **EXTERNAL, "initial_options": ListOf(item=OPTION)}
    ),
    "multi_users_select": Shape(optional={**MENU_OF_MANY, "initial_users": IDS}),
    "multi_conversations_select": Shape(
        optional={**MENU_OF_MANY, **CONVERSATION, "initial_conversations": IDS}
    ),
    "multi_channels_select": Shape(optional={**MENU_OF_MANY, "initial_channels": IDS}),
}
CHOICES = {
    "checkboxes": Shape(
        required={"options": ListOf(item=RICH_OPTION, most=10)},
        optional={**FOCUSED, "initial_options": ListOf(item=RICH_OPTION)},
    ),
    "radio_buttons": Shape(
        required={"options": ListOf(item=RICH_OPTION, most=10)},
        optional={**FOCUSED, "initial_option": RICH_OPTION},
    ),
}
DAY_AND_TIME = {
    "datepicker": Shape(
        optional={**MENU, "initial_date": Text(form=r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")}
    ),
    "timepicker": Shape(
        optional={**MENU, "initial_time": Text(form=r"([01]\d|2[0-3]):[0-5]\d"), "timezone": Text()}
    ),
}
MOMENT = {
    "datetimepicker": Shape(
        optional={**FOCUSED, "initial_date_time": Whole(least=1_000_000_000, most=9_999_999_999)}
    )
}
PRESSED = {
    "button": BUTTON,
    "overflow": Shape(required={"options": ListOf(item=OVERFLOW_OPTION, most=5)}, optional=ASKING),
}
FIELDS_TO_TYPE_IN = {
    "plain_text_input": Shape(
        optional={
            **TYPED,
            "initial_value": Text(shortest=0, longest=3_000),
            "multiline": Flag(),
            "min_length": Whole(least=0, most=3_000),
            "max_length": Whole(least=1, most=3_000),
        }
    ),
    "number_input": Shape(
        required={"is_decimal_allowed": Flag()},
        optional={**TYPED, "initial_value": NUMBER, "min_value": NUMBER, "max_value": NUMBER},
    ),
    "email_text_input": Shape(optional={**TYPED, "initial_value": Text()}),
    "url_text_input": Shape(optional={**TYPED, "initial_value": Text()}),
}

# Rich text, from its words to its rows.

LOOKS = Shape(optional={look: Flag() for look in ("bold", "italic", "strike", "code", "underline")})
STYLED: Fields = {"style": LOOKS}
BORDERED: Fields = {"border": Whole(least=0, most=1)}
RICH_WORDS = {
    "text": Shape(required={"text": Text()}, optional=STYLED),
    "link": Shape(required={"url": Text()}, optional={**STYLED, "text": Text(), "unsafe": Flag()}),
}
RICH_PARTS = {
    **RICH_WORDS,
    "user": Shape(required={"user_id": Text()}, optional=STYLED),
    "usergroup": Shape(required={"usergroup_id": Text()}, optional=STYLED),
    "channel": Shape(required={"channel_id": Text()}, optional=STYLED),
    "team": Shape(required={"team_id": Text()}, optional=STYLED),
    "broadcast": Shape(required={"range": Choice(values=("here", "channel", "everyone"))}, optional=STYLED),
    "emoji": Shape(
        required={"name": Text()},
        optional={**STYLED, "unicode": Text(), "url": Text(), "skin_tone": Whole(least=1, most=6)},
    ),
    "date": Shape(
        required={"timestamp": Whole(least=0), "format": Text()},
        optional={**STYLED, "url": Text(), "fallback": Text()},
    ),
    "color": Shape(required={"value": Text(form=r"#[0-9A-Fa-f]{6}")}, optional=STYLED),
}


def _row(parts: dict[str, Shape], also: Fields | None = None) -> Shape:
    return Shape(
        required={"elements": ListOf(item=ByType(shapes=parts), fewest=0)}, optional={**(also or {})}
    )


RICH_SECTION = {"rich_text_section": _row(RICH_PARTS)}
RICH_ROWS = {
    **RICH_SECTION,
    "rich_text_quote": _row(RICH_PARTS, BORDERED),
    "rich_text_preformatted": _row(RICH_WORDS, BORDERED),
    "rich_text_list": Shape(
        required={
            "style": Choice(values=("bullet", "ordered")),
            "elements": ListOf(item=ByType(shapes=RICH_SECTION), fewest=0),
        },
        optional={**BORDERED, "indent": Whole(least=0, most=8), "offset": Whole(least=0)},
    ),
}

# Blocks, and which surface takes which.

BLOCK: Fields = {"block_id": ID}
ACCESSORIES = {"image": IMAGE, **PRESSED, **SELECTS, **CHOICES, **DAY_AND_TIME}
IN_ACTIONS = {**PRESSED, **SELECTS, **CHOICES, **DAY_AND_TIME, **MOMENT}
IN_INPUT = {**SELECTS, **CHOICES, **DAY_AND_TIME, **MOMENT, **FIELDS_TO_TYPE_IN}
IN_CONTEXT = {"image": IMAGE, **text(3_000).shapes}

BLOCKS_EVERYWHERE = {
    "section": Shape(
        optional={
            **BLOCK,
            "text": text(3_000),
            "fields": ListOf(item=text(2_000), most=10),
            "accessory": ByType(shapes=ACCESSORIES),
            "expand": Flag(),
        },
        any_of=("text", "fields"),
    ),
    "header": Shape(required={"text": plain(150)}, optional=BLOCK),
    "context": Shape(required={"elements": ListOf(item=ByType(shapes=IN_CONTEXT), most=10)}, optional=BLOCK),
    "actions": Shape(required={"elements": ListOf(item=ByType(shapes=IN_ACTIONS), most=25)}, optional=BLOCK),
    "divider": Shape(optional=BLOCK),
    "image": Shape(
        required=IMAGE.required,
        optional={**BLOCK, **IMAGE.optional, "title": plain(2_000)},
        one_of=IMAGE.one_of,
    ),
    "input": Shape(
        required={"label": plain(2_000), "element": ByType(shapes=IN_INPUT)},
        optional={**BLOCK, "hint": plain(2_000), "optional": Flag(), "dispatch_action": Flag()},
    ),
    "rich_text": Shape(
        required={"elements": ListOf(item=ByType(shapes=RICH_ROWS), fewest=0)}, optional=BLOCK
    ),
}
BLOCKS_IN_MESSAGES = {
    **BLOCKS_EVERYWHERE,
    "markdown": Shape(required={"text": Text(longest=MARKDOWN_LONGEST)}, optional=BLOCK),
}
BLOCKS: dict[Surface, ListOf] = {
    "message": ListOf(item=ByType(shapes=BLOCKS_IN_MESSAGES), fewest=0, most=50),
    "modal": ListOf(item=ByType(shapes=BLOCKS_EVERYWHERE), fewest=0, most=100),
    "home": ListOf(item=ByType(shapes=BLOCKS_EVERYWHERE), fewest=0, most=100),
}

# Views and messages, which carry the blocks.

VIEW_IDS: Fields = {
    "private_metadata": Text(shortest=0, longest=3_000),
    "callback_id": Text(shortest=0, longest=255),
    "external_id": Text(shortest=0, longest=255),
}
VIEW = ByType(
    shapes={
        "modal": Shape(
            required={"title": plain(24), "blocks": BLOCKS["modal"]},
            optional={
                **VIEW_IDS,
                "submit": plain(24),
                "close": plain(24),
                "clear_on_close": Flag(),
                "notify_on_close": Flag(),
            },
        ),
        "home": Shape(required={"blocks": BLOCKS["home"]}, optional=VIEW_IDS),
    }
)
METADATA = Shape(required={"event_type": Text(), "event_payload": FlatObject()})
MESSAGE: Fields = {
    "text": Text(shortest=0, longest=40_000),
    "blocks": BLOCKS["message"],
    "metadata": METADATA,
}
