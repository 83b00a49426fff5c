"""People as tests play them: what they read, what they wait for, and how their typing becomes Slack's tokens."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack.mentions import mentioned, typed_to_tokens
from playground.slack.server import SlackServer
from playground.slack.shapes import PersonError
from playground.slack.text import Reader
from tests.playground.tiny_app import MANIFEST

Json = dict[str, Any]
RELEASES = "C0000000001"


def raw(text: str) -> Json:
    return {"type": "raw_text", "text": text}


USER, GROUP = "U0000000001", "S0000000001"
MRKDWN = f"*By* <@{USER}> for <!subteam^{GROUP}> in <#{RELEASES}> <https://a.example|notes> at <!date^1^{{date}}|noon>"
LEAVES: list[Json] = [
    {"type": "text", "text": "a "},
    {"type": "link", "url": "https://b.example"},
    {"type": "emoji", "name": "tada"},
    {"type": "user", "user_id": USER},
    {"type": "broadcast", "range": "here"},
]
BLOCKS: list[Json] = [
    {"type": "header", "text": {"type": "plain_text", "text": "🚀 Release <b>"}},
    {"type": "section", "text": {"type": "mrkdwn", "text": MRKDWN}},
    {"type": "section", "fields": [{"type": "mrkdwn", "text": "A &lt; B"}, {"type": "mrkdwn", "text": "C"}]},
    {"type": "divider"},
    {"type": "table", "rows": [[raw("Test"), raw("Result")], [raw("Login"), raw("✅")]]},
    {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": LEAVES},
            {
                "type": "rich_text_list",
                "style": "bullet",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "item"}]}],
            },
        ],
    },
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}, {"type": "plain_text", "text": "y"}]},
    {"type": "markdown", "text": "**bold**"},
    {"type": "image", "image_url": "https://a.example/x.png", "alt_text": "A chart"},
]


async def test_blocks_read_as_the_text_a_person_sees(server: SlackServer) -> None:
    assert Reader(server.workspace).blocks(BLOCKS).splitlines() == [
        "🚀 Release <b>",
        "*By* @Quinn Avery for @qa-team in #releases notes at noon",
        "A < B",
        "C",
        "———",
        "Test | Result",
        "Login | ✅",
        "a https://b.example:tada:@Quinn Avery@here",
        "• item",
        "x y",
        "**bold**",
        "A chart",
    ]


async def test_typed_names_become_tokens_and_all_else_is_escaped(server: SlackServer) -> None:
    typed = "@Dana Ortiz and @dana, not dana@example.com nor @danab; <b> & #releases, #unknown @here"
    assert typed_to_tokens(server.workspace, typed) == (
        "<@U0000000002> and <@U0000000002>, not dana@example.com nor @danab; &lt;b&gt; &amp; "
        f"<#{RELEASES}|releases>, #unknown <!here>"
    )


def test_a_token_pings_and_an_escaped_one_does_not() -> None:
    assert mentioned("<@U1|x> <!subteam^S1|@qa> <!channel> &lt;!here&gt; <#C1>", []) == {"U1", "S1", "channel"}


async def test_waiting_ends_with_the_message_or_says_what_did_not_come(
    server: SlackServer, client: AsyncWebClient
) -> None:
    quinn = server.person("quinn")
    await client.chat_postMessage(channel=RELEASES, text="Deployed v1")
    assert (await quinn.sees("Deployed")).text == "Deployed v1"
    assert (await quinn.sees(lambda message: message.user == server.workspace.bot.id, "#releases")).channel == RELEASES
    with pytest.raises(TimeoutError, match=r"Quinn Avery sees 'Rolled back'"):
        await quinn.sees("Rolled back", timeout=0.05)


async def test_what_a_person_was_handed_does_not_change_behind_their_back(
    server: SlackServer, client: AsyncWebClient
) -> None:
    ts = (await client.chat_postMessage(channel=RELEASES, text="before"))["ts"]
    handed = server.person("quinn").message(ts)
    await client.chat_update(channel=RELEASES, ts=ts, text="after")
    assert (handed.text, server.person("quinn").message(ts).text) == ("before", "after")


async def test_a_person_sees_only_their_own_channels(server: SlackServer) -> None:
    server.workspace.add_channel("private", ["dana"], private=True)
    written = await server.person("dana").says("secret", "#private")
    quinn = server.person("quinn")
    with pytest.raises(PersonError, match="Quinn Avery is not in #private"):
        quinn.messages("#private")
    with pytest.raises(PersonError, match="sees no message"):
        quinn.message(written.ts)


async def test_a_deactivated_account_does_nothing(server: SlackServer) -> None:
    server.workspace.person("teo").deleted = True
    with pytest.raises(PersonError, match="deactivated"):
        await server.person("teo").says("hello?")


async def test_an_unknown_person_or_channel_is_answered_with_those_there_are(server: SlackServer) -> None:
    with pytest.raises(LookupError, match="there are: quinn, dana, teo"):
        server.person("quin")
    with pytest.raises(LookupError, match="there are: #releases, #random"):
        await server.person("quinn").says("x", "#release")


def test_a_server_can_be_seeded_before_it_starts() -> None:
    server = SlackServer(MANIFEST)
    server.workspace.add_person("quinn", user_id="UQUINN")
    assert server.workspace.add_channel("releases", ["quinn"], channel_id="CREL").members >= {"UQUINN"}
