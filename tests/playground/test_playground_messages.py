"""chat.* and conversations.*: where the app may speak, what it may change, and what it can read back."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack.server import SlackServer
from tests.playground.test_playground_web_api import refusal
from tests.playground.tiny_app import MANIFEST, web_client

Json = dict[str, Any]
RELEASES, RANDOM = "C0000000001", "C0000000002"


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


@pytest.fixture(autouse=True)
def unlimited(server: SlackServer) -> None:
    server.limits.enabled = False


async def test_the_app_speaks_only_where_it_is(client: AsyncWebClient, server: SlackServer) -> None:
    private = server.workspace.add_channel("secret", private=True, with_bot=False)
    gone = server.workspace.add_channel("gone")
    gone.is_archived = True
    for channel, error in {
        RANDOM: "not_in_channel",
        private.id: "channel_not_found",
        gone.id: "is_archived",
        "C0UNKNOWN": "channel_not_found",
        "#releases": "channel_not_found",
        "U0UNKNOWN": "channel_not_found",
    }.items():
        assert (await refusal(client.chat_postMessage(channel=channel, text="x")))["error"] == error, channel


async def test_with_the_public_scope_it_speaks_in_public_channels_it_has_not_joined() -> None:
    scopes = {"scopes": {"bot": ["chat:write", "chat:write.public"]}}
    async with SlackServer({**MANIFEST, "oauth_config": scopes}) as server:
        server.workspace.add_person("quinn")
        server.workspace.add_channel("open", with_bot=False)
        await web_client(server).chat_postMessage(channel="C0000000001", text="x")


async def test_a_message_to_a_person_arrives_in_the_direct_channel(client: AsyncWebClient, server: SlackServer) -> None:
    quinn = server.person("quinn")
    answer = await client.chat_postMessage(channel=quinn.id, text="psst")
    assert answer["channel"].startswith("D")
    assert [message.text for message in quinn.direct_messages] == ["psst"]
    assert (await client.conversations_open(users=quinn.id))["channel"]["id"] == answer["channel"]
    assert (await refusal(client.chat_update(channel=quinn.id, ts=answer["ts"], text="x")))["error"] == (
        "channel_not_found"
    )


async def test_a_deactivated_person_gets_no_message(client: AsyncWebClient, server: SlackServer) -> None:
    server.workspace.person("teo").deleted = True
    assert (await refusal(client.chat_postMessage(channel="U0000000003", text="x")))["error"] == "user_disabled"


async def test_a_message_of_nothing_is_refused_and_a_very_long_one_is_cut(client: AsyncWebClient) -> None:
    empties: list[Json] = [{}, {"blocks": []}, {"text": " "}]
    for empty in empties:
        post = client.api_call("chat.postMessage", json={"channel": RELEASES, **empty})
        assert (await refusal(post))["error"] == "no_text"
    answer = await client.chat_postMessage(channel=RELEASES, text="x" * 40_001)
    assert len(answer["message"]["text"]) == 40_000


async def test_timestamps_are_of_the_workspaces_clock_unique_and_rising(client: AsyncWebClient) -> None:
    stamps = [(await client.chat_postMessage(channel=RELEASES, text="x"))["ts"] for _ in range(3)]
    assert stamps == sorted(set(stamps))
    assert all(ts.startswith("1705418400.") for ts in stamps)


async def test_a_thread_is_named_by_its_root_alone(client: AsyncWebClient, server: SlackServer) -> None:
    root = (await client.chat_postMessage(channel=RELEASES, text="root"))["ts"]
    reply = (await client.chat_postMessage(channel=RELEASES, text="reply", thread_ts=root))["ts"]
    refused = refusal(client.chat_postMessage(channel=RELEASES, text="x", thread_ts=reply))
    assert (await refused)["error"] == "cannot_reply_to_message"
    refused = refusal(client.chat_postMessage(channel=RELEASES, text="x", thread_ts="1.000000"))
    assert (await refused)["error"] == "thread_not_found"
    await client.chat_postMessage(channel=RELEASES, text="loud", thread_ts=root, reply_broadcast=True)
    quinn = server.person("quinn")
    assert [message.text for message in quinn.messages("#releases")] == ["root", "loud"]
    assert [message.text for message in quinn.thread(root)] == ["root", "reply", "loud"]
    answer = await client.conversations_replies(channel=RELEASES, ts=root)
    assert answer["messages"][0]["reply_count"] == 2
    assert answer["messages"][2]["subtype"] == "thread_broadcast"
    assert (await refusal(client.conversations_replies(channel=RELEASES, ts=reply)))["error"] == "thread_not_found"
    await client.chat_delete(channel=RELEASES, ts=reply)
    answer = await client.conversations_replies(channel=RELEASES, ts=root)
    assert [message["text"] for message in answer["messages"]] == ["root", "loud"]


async def test_an_update_with_text_alone_removes_the_blocks_and_keeps_the_metadata(
    client: AsyncWebClient, server: SlackServer
) -> None:
    metadata = {"event_type": "posted", "event_payload": {"key": "1"}}
    blocks = [section("old")]
    ts = (await client.chat_postMessage(channel=RELEASES, text="old", blocks=blocks, metadata=metadata))["ts"]
    await client.chat_update(channel=RELEASES, ts=ts, text="new")
    message = server.person("quinn").message(ts)
    assert (message.text, message.blocks, message.metadata) == ("new", [], metadata)
    await client.api_call("chat.update", json={"channel": RELEASES, "ts": ts, "blocks": [section("block")]})
    message = server.person("quinn").message(ts)
    assert (message.text, server.person("quinn").text_of(message)) == ("", "block")


async def test_an_update_is_refused_beyond_4000_characters_and_for_what_is_not_the_apps_own(
    client: AsyncWebClient, server: SlackServer
) -> None:
    ts = (await client.chat_postMessage(channel=RELEASES, text="x"))["ts"]
    assert (await refusal(client.chat_update(channel=RELEASES, ts=ts, text="x" * 4001)))["error"] == "msg_too_long"
    nothing = client.api_call("chat.update", json={"channel": RELEASES, "ts": ts, "blocks": []})
    assert (await refusal(nothing))["error"] == "no_text"
    theirs = await server.person("quinn").says("mine")
    update = refusal(client.chat_update(channel=RELEASES, ts=theirs.ts, text="x"))
    assert (await update)["error"] == "cant_update_message"
    assert (await refusal(client.chat_delete(channel=RELEASES, ts=theirs.ts)))["error"] == "cant_delete_message"
    assert (await refusal(client.chat_update(channel=RELEASES, ts="1.0", text="x")))["error"] == "message_not_found"


async def test_an_ephemeral_message_reaches_one_member_and_can_never_be_updated(
    client: AsyncWebClient, server: SlackServer
) -> None:
    quinn, dana = server.person("quinn"), server.person("dana")
    answer = await client.chat_postEphemeral(channel=RELEASES, user=quinn.id, text="only you")
    assert [message.text for message in quinn.ephemerals] == ["only you"]
    assert not dana.ephemerals
    assert not quinn.messages("#releases")
    update = refusal(client.chat_update(channel=RELEASES, ts=answer["message_ts"], text="x"))
    assert (await update)["error"] == "message_not_found"
    server.workspace.leave(server.workspace.channel("#releases"), dana.id)
    post = refusal(client.chat_postEphemeral(channel=RELEASES, user=dana.id, text="x"))
    assert (await post)["error"] == "user_not_in_channel"
    post = refusal(client.chat_postEphemeral(channel=RELEASES, user=quinn.id, text="é" * 2001))
    assert (await post)["error"] == "msg_too_long"
    post = refusal(client.chat_postEphemeral(channel=RELEASES, user="U0UNKNOWN", text="x"))
    assert (await post)["error"] == "user_not_found"


async def test_an_ephemeral_message_in_a_thread_without_replies_is_lost_without_a_word(
    client: AsyncWebClient, server: SlackServer
) -> None:
    quinn = server.person("quinn")
    root = await quinn.says("root")
    await client.chat_postEphemeral(channel=RELEASES, user=quinn.id, text="lost", thread_ts=root.ts)
    assert not quinn.ephemerals
    await quinn.says("reply", thread=root)
    await client.chat_postEphemeral(channel=RELEASES, user=quinn.id, text="seen", thread_ts=root.ts)
    assert [message.text for message in quinn.ephemerals] == ["seen"]


async def test_metadata_is_read_back_only_on_request_and_has_a_shape_and_a_size(client: AsyncWebClient) -> None:
    metadata = {"event_type": "posted", "event_payload": {"key": "op-1"}}
    root = (await client.chat_postMessage(channel=RELEASES, text="x", metadata=metadata))["ts"]
    await client.chat_postMessage(channel=RELEASES, text="y", thread_ts=root, metadata=metadata)
    for read in (
        client.conversations_history(channel=RELEASES, include_all_metadata=True),
        client.conversations_replies(channel=RELEASES, ts=root, include_all_metadata=True),
    ):
        assert (await read)["messages"][-1]["metadata"] == metadata
    assert "metadata" not in (await client.conversations_history(channel=RELEASES))["messages"][0]
    wrongs: list[tuple[Json, str]] = [
        ({"event_type": "x", "event_payload": {"long": "x" * 5000}}, "metadata_too_large"),
        ({"event_type": "x"}, "invalid_metadata_format"),
        ({"event_type": "x", "event_payload": {}, "more": 1}, "invalid_metadata_schema"),
    ]
    for wrong, error in wrongs:
        body = await refusal(client.chat_postMessage(channel=RELEASES, text="x", metadata=wrong))
        assert body["error"] == error


async def test_history_is_newest_first_in_pages_and_between_times(client: AsyncWebClient) -> None:
    stamps = [(await client.chat_postMessage(channel=RELEASES, text=str(n)))["ts"] for n in range(5)]
    first = await client.conversations_history(channel=RELEASES, limit=3)
    assert [message["text"] for message in first["messages"]] == ["4", "3", "2"]
    assert first["has_more"] is True
    cursor = first["response_metadata"]["next_cursor"]
    rest = await client.conversations_history(channel=RELEASES, limit=3, cursor=cursor)
    assert [message["text"] for message in rest["messages"]] == ["1", "0"]
    assert rest["response_metadata"]["next_cursor"] == ""
    since = await client.conversations_history(channel=RELEASES, oldest=stamps[3])
    assert [message["text"] for message in since["messages"]] == ["4"]
    since = await client.conversations_history(channel=RELEASES, oldest=stamps[3], inclusive=True)
    assert [message["text"] for message in since["messages"]] == ["4", "3"]
    assert (await refusal(client.conversations_history(channel=RELEASES, cursor="x")))["error"] == "invalid_cursor"
    assert (await refusal(client.conversations_history(channel=RELEASES, limit=1000)))["error"] == "invalid_limit"


async def test_reading_needs_membership_and_the_scope_of_the_channels_kind(server: SlackServer) -> None:
    client = web_client(server)
    assert (await refusal(client.conversations_history(channel=RANDOM)))["error"] == "not_in_channel"
    scopes = {"scopes": {"bot": ["channels:history", "channels:read"]}}
    async with SlackServer({**MANIFEST, "oauth_config": scopes}) as narrow:
        private = narrow.workspace.add_channel("secret", private=True)
        body = await refusal(web_client(narrow).conversations_history(channel=private.id))
        assert (body["error"], body["needed"]) == ("missing_scope", "groups:history")
        body = await refusal(web_client(narrow).conversations_list(types="public_channel,private_channel"))
        assert (body["error"], body["needed"]) == ("missing_scope", "groups:read")


async def test_channels_people_and_groups_can_be_looked_up(client: AsyncWebClient, server: SlackServer) -> None:
    listed = await client.conversations_list(limit=1)
    assert [channel["name"] for channel in listed["channels"]] == ["releases"]
    listed = await client.conversations_list(limit=1, cursor=listed["response_metadata"]["next_cursor"])
    assert [(channel["name"], channel["is_member"]) for channel in listed["channels"]] == [("random", False)]
    members = (await client.conversations_members(channel=RELEASES))["members"]
    assert server.workspace.bot.id in members
    user = (await client.users_info(user="U0000000001"))["user"]
    assert (user["real_name"], user["tz"], user["tz_offset"]) == ("Quinn Avery", "Europe/Berlin", 3600)
    found = await client.users_lookupByEmail(email="quinn@acme-shop.example")
    assert found["user"]["id"] == "U0000000001"
    assert (await refusal(client.users_lookupByEmail(email="a@b.example")))["error"] == "users_not_found"
    [group] = (await client.usergroups_list(include_users=True))["usergroups"]
    assert (group["handle"], group["users"]) == ("qa-team", ["U0000000001"])
    assert (await client.usergroups_users_list(usergroup=group["id"]))["users"] == ["U0000000001"]
    assert (await refusal(client.usergroups_users_list(usergroup="S9")))["error"] == "no_such_subteam"
    assert (await refusal(client.users_info(user="U9")))["error"] == "user_not_found"


async def test_joining_inviting_and_decorating(client: AsyncWebClient, server: SlackServer) -> None:
    ts = (await client.chat_postMessage(channel=RELEASES, text="x"))["ts"]
    await client.reactions_add(channel=RELEASES, timestamp=ts, name="rocket")
    again = refusal(client.reactions_add(channel=RELEASES, timestamp=ts, name="rocket"))
    assert (await again)["error"] == "already_reacted"
    wrong = refusal(client.reactions_add(channel=RELEASES, timestamp=ts, name=":rocket:"))
    assert (await wrong)["error"] == "invalid_name"
    await client.pins_add(channel=RELEASES, timestamp=ts)
    assert (await refusal(client.pins_add(channel=RELEASES, timestamp=ts)))["error"] == "already_pinned"
    await client.bookmarks_add(channel_id=RELEASES, title="Notes", type="link", link="https://a.example")
    await client.conversations_join(channel=RANDOM)
    await client.chat_postMessage(channel=RANDOM, text="here now")
    invite = refusal(client.conversations_invite(channel=RANDOM, users="U0000000001"))
    assert (await invite)["error"] == "already_in_channel"
    link = (await client.chat_getPermalink(channel=RELEASES, message_ts=ts))["permalink"]
    assert link == f"{server.url}/archives/{RELEASES}/p{ts.replace('.', '')}"


async def test_only_what_slack_parses_pings_and_counts_as_a_mention(
    client: AsyncWebClient, server: SlackServer
) -> None:
    quinn, dana = server.person("quinn"), server.person("dana")
    group = next(iter(server.workspace.groups))
    rich = {"type": "rich_text_section", "elements": [{"type": "text", "text": f"<@{quinn.id}> <!channel>"}]}
    quiet: list[Json] = [
        {"type": "header", "text": {"type": "plain_text", "text": f"<@{quinn.id}>"}},
        {"type": "rich_text", "elements": [rich]},
    ]
    await client.chat_postMessage(channel=RELEASES, text=f"&lt;@{quinn.id}&gt;", blocks=quiet)
    assert (quinn.unread("#releases"), dana.unread("#releases")) == ((1, 0), (1, 0))
    await client.chat_postMessage(channel=RELEASES, text="x", blocks=[section(f"<!subteam^{group}> look")])
    assert (quinn.unread("#releases"), dana.unread("#releases")) == ((2, 1), (2, 0))
    await client.chat_postMessage(channel=RELEASES, text="<!here|here>")
    assert (quinn.unread("#releases"), dana.unread("#releases")) == ((3, 2), (3, 1))
    server.workspace.conversations.mark_read(quinn.id, server.workspace.channel("#releases"))
    assert quinn.unread("#releases") == (0, 0)
