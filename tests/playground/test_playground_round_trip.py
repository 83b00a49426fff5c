"""A real Bolt app and the playground's Slack talk to each other over signed HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack.choosing import AppFailedError
from playground.slack.server import SlackServer
from playground.slack.shapes import PersonError
from tests.playground.tiny_app import bolt_app, serving

Json = dict[str, Any]


def button(label: str, action_id: str, **more: Any) -> Json:
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": label},
        "action_id": action_id,
        "value": "v1",
        **more,
    }


MODAL: Json = {
    "type": "modal",
    "callback_id": "approve",
    "title": {"type": "plain_text", "text": "Approve"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "version",
            "label": {"type": "plain_text", "text": "Version"},
            "element": {"type": "plain_text_input", "action_id": "value", "max_length": 10},
        }
    ],
}


@pytest.fixture
async def app(server: SlackServer) -> AsyncIterator[AsyncApp]:
    app = bolt_app(server)
    listen_for_a_release(app)
    listen_for_clicks_and_mentions(app)
    async with serving(app) as url:
        server.connect(url)
        yield app


def listen_for_a_release(app: AsyncApp) -> None:
    @app.command("/release")
    async def release(ack: Any, command: Json, client: AsyncWebClient) -> None:
        if command["text"] == "approve":
            await client.views_open(trigger_id=command["trigger_id"], view=MODAL)
            await ack()
        else:
            await ack(f"You said {command['text']}")

    @app.view("approve")
    async def approved(ack: Any, view: Json, body: Json, client: AsyncWebClient) -> None:
        version = view["state"]["values"]["version"]["value"]["value"]
        if not version.startswith("v"):
            await ack(response_action="errors", errors={"version": "A version starts with v."})
            return
        await ack()
        dialog = {
            "title": {"type": "plain_text", "text": "Deploy?"},
            "text": {"type": "plain_text", "text": "It goes live."},
            "confirm": {"type": "plain_text", "text": "Deploy"},
            "deny": {"type": "plain_text", "text": "Not yet"},
        }
        blocks: list[Json] = [
            {"type": "section", "text": {"type": "mrkdwn", "text": f"Release {version} by <@{body['user']['id']}>"}},
            {
                "type": "actions",
                "elements": [button("Plan", "plan"), button("Deploy", "deploy", confirm=dialog)],
            },
        ]
        await client.chat_postMessage(channel="C0000000001", text=f"Release {version}", blocks=blocks)


def listen_for_clicks_and_mentions(app: AsyncApp) -> None:
    @app.action("plan")
    async def planned(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.chat_update(
            channel=body["channel"]["id"], ts=body["message"]["ts"], text=f"Planned {body['actions'][0]['value']}"
        )

    @app.action("deploy")
    async def deployed(ack: Any, respond: Any) -> None:
        await ack()
        await respond("Deploying")

    @app.event("app_mention")
    async def mentioned(event: Json, say: Any) -> None:
        await say(text="Yes?", thread_ts=event.get("thread_ts") or event["ts"])


@pytest.mark.usefixtures("app")
async def test_a_command_opens_a_modal_whose_submission_posts_a_message_that_a_click_updates(
    server: SlackServer,
) -> None:
    quinn = server.person("quinn")
    await quinn.command("/release approve")
    view = await quinn.opened("Approve")
    assert view.labels == ["Version"]
    assert (await view.submit()).errors == {"version": "Please complete this required field."}
    assert (await view.fill(("Version", "1.2")).submit()).errors == {"version": "A version starts with v."}
    assert (await view.fill(version="v1.2").submit()).result == "closed"
    message = await quinn.sees("Release v1.2")
    assert quinn.text_of(message) == "Release v1.2 by @Quinn Avery\n[Plan] [Deploy]"
    await server.person("Dana Ortiz").click(message, "Plan")
    assert quinn.text_of(quinn.message(message.ts)) == "Planned v1"


@pytest.mark.usefixtures("app")
async def test_a_click_with_a_confirm_dialog_needs_the_confirmation_and_can_answer_privately(
    server: SlackServer,
) -> None:
    quinn, dana = server.person("quinn"), server.person("dana")
    await quinn.command("/release approve")
    await quinn.view.fill(version="v1").submit()
    message = await dana.sees("Release v1")
    with pytest.raises(PersonError, match="Deploy\\?"):
        await dana.click(message, "Deploy")
    await dana.click(message, "Deploy", confirm=True)
    await dana.sees("Deploying")
    assert not quinn.ephemerals


@pytest.mark.usefixtures("app")
async def test_an_answer_to_a_command_is_seen_only_by_who_typed_it(server: SlackServer) -> None:
    await server.person("quinn").command("/release status @Dana Ortiz #releases <b>")
    [seen] = server.person("quinn").ephemerals
    assert seen.text == "You said status <@U0000000002|dana> <#C0000000001|releases> &lt;b&gt;"
    assert not server.person("dana").ephemerals


@pytest.mark.usefixtures("app")
async def test_a_mention_is_answered_in_its_thread(server: SlackServer) -> None:
    quinn = server.person("quinn")
    message = await quinn.mention("status")
    assert message.text == f"<@{server.workspace.bot.id}> status"
    assert [m.text for m in quinn.thread(message)][1:] == ["Yes?"]


async def test_a_command_to_an_app_that_is_not_there_fails_in_front_of_the_person(server: SlackServer) -> None:
    with pytest.raises(AppFailedError, match="dispatch_failed"):
        await server.person("quinn").command("/release approve")
