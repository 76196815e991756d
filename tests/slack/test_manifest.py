"""The manifest with which Rollcall is installed."""

from inline_snapshot import snapshot

from bot.slack.manifest import manifest


def test_the_app_has_a_home_tab_and_hears_when_it_is_opened() -> None:
    made = manifest("/release")
    assert made["features"]["app_home"] == snapshot(
        {"home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": True}
    )
    assert made["settings"]["event_subscriptions"]["bot_events"] == snapshot(
        [
            "app_home_opened",
            "dnd_updated_user",
            "subteam_created",
            "subteam_members_changed",
            "subteam_updated",
            "user_change",
            "app_mention",
            "member_joined_channel",
            "member_left_channel",
            "message.channels",
            "message.groups",
            "channel_unarchive",
            "group_unarchive",
        ]
    )
