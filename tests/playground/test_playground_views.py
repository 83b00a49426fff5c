"""Modals and App Homes: what the client checks, what the app may answer, and how views lie on each other."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack.open_view import View
from playground.slack.server import SlackServer
from playground.slack.shapes import PersonError
from tests.playground.test_playground_web_api import refusal
from tests.playground.tiny_app import MANIFEST, web_client

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def field(block_id: str, element: Json, **more: Any) -> Json:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(block_id.title()),
        "element": {"action_id": "value", **element},
        **more,
    }


OPTIONS = [{"text": plain(word), "value": word.lower()} for word in ("Rolling", "Canary")]
COUNT: Json = {"type": "number_input", "is_decimal_allowed": False}
FORM: list[Json] = [
    field("version", {"type": "plain_text_input", "min_length": 2, "max_length": 5}),
    field(
        "count",
        {"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "9"},
        optional=True,
    ),
    field("notes", {"type": "url_text_input"}, optional=True),
    field("mail", {"type": "email_text_input"}, optional=True),
    field("how", {"type": "static_select", "options": OPTIONS, "initial_option": OPTIONS[0]}),
    field("flags", {"type": "checkboxes", "options": OPTIONS}, optional=True),
    field("who", {"type": "multi_users_select", "max_selected_items": 1}, optional=True),
    field("day", {"type": "datepicker"}, optional=True),
    field("hour", {"type": "timepicker"}, optional=True),
    field("moment", {"type": "datetimepicker"}, optional=True),
]


def modal(*blocks: Json, title: str = "Form", **more: Any) -> Json:
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain(title),
        "submit": plain("Send"),
        "blocks": list(blocks) or FORM,
        **more,
    }


async def opened(server: SlackServer, recorded: Any, view: Json | None = None) -> View:
    """Quinn has a view open."""
    quinn = server.person("quinn")
    await quinn.command("/release approve")
    trigger_id = recorded.payloads()[-1]["trigger_id"]
    await web_client(server).views_open(trigger_id=trigger_id, view=view or modal())
    return quinn.view


async def click_trigger(recorded: Any, view: View) -> str:
    await view.click("More")
    return str(recorded.payloads()[-1]["trigger_id"])


MORE: Json = {
    "type": "actions",
    "block_id": "steps",
    "elements": [{"type": "button", "text": plain("More"), "action_id": "more"}],
}


@pytest.mark.parametrize(
    ("filled", "errors"),
    [
        ({}, {"version": "Please complete this required field."}),
        ({"version": "  "}, {"version": "Please complete this required field."}),
        ({"version": "v"}, {"version": "Please enter at least 2 characters."}),
        ({"version": "v1.2.3"}, {"version": "Please enter at most 5 characters."}),
        ({"version": "v1", "count": "two"}, {"count": "Please enter a whole number."}),
        ({"version": "v1", "count": "1.5"}, {"count": "Please enter a whole number."}),
        ({"version": "v1", "count": "0"}, {"count": "Please enter a number of at least 1."}),
        ({"version": "v1", "count": "10"}, {"count": "Please enter a number of at most 9."}),
        ({"version": "v1", "notes": "nowhere"}, {"notes": "Please enter a valid URL."}),
        ({"version": "v1", "mail": "nobody"}, {"mail": "Please enter a valid email address."}),
        ({"version": "v1", "how": None}, {"how": "Please complete this required field."}),
        ({"version": "v1", "who": ["quinn", "dana"]}, {"who": "Please select at most 1 items."}),
    ],
)
async def test_the_client_does_not_submit_what_its_fields_do_not_allow(
    server: SlackServer, recorded: Any, filled: Json, errors: Json
) -> None:
    view = await opened(server, recorded)
    assert (await view.fill(**filled).submit()).errors == errors
    assert len(recorded.requests) == 1
    assert view.is_open


async def test_a_submission_carries_every_input_in_slacks_own_shapes(server: SlackServer, recorded: Any) -> None:
    view = await opened(server, recorded, modal(private_metadata="secret"))
    assert view.options("How") == ["Rolling", "Canary"]
    view.fill(
        ("Version", "v1"),
        ("Flags", ["Canary"]),
        ("Who", "Dana Ortiz"),
        ("Day", date(2024, 1, 17)),
        ("Hour", time(9, 30)),
        ("Moment", datetime(2024, 1, 17, tzinfo=UTC)),
    )
    assert (await view.submit()).result == "closed"
    payload = recorded.payloads()[-1]
    assert (payload["type"], payload["view"]["callback_id"]) == ("view_submission", "form")
    assert payload["view"]["private_metadata"] == "secret"
    values = {block_id: entry["value"] for block_id, entry in payload["view"]["state"]["values"].items()}
    assert values == {
        "version": {"type": "plain_text_input", "value": "v1"},
        "count": {"type": "number_input", "value": None},
        "notes": {"type": "url_text_input", "value": None},
        "mail": {"type": "email_text_input", "value": None},
        "how": {"type": "static_select", "selected_option": OPTIONS[0]},
        "flags": {"type": "checkboxes", "selected_options": [OPTIONS[1]]},
        "who": {"type": "multi_users_select", "selected_users": ["U0000000002"]},
        "day": {"type": "datepicker", "selected_date": "2024-01-17"},
        "hour": {"type": "timepicker", "selected_time": "09:30"},
        "moment": {"type": "datetimepicker", "selected_date_time": 1705449600},
    }
    assert not view.is_open


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(text="ok"),
        lambda: web.json_response({}),
        lambda: web.json_response({"text": "ok"}),
        lambda: web.Response(status=500),
        lambda: None,
        lambda: web.json_response({"response_action": "errors", "errors": {"unknown": "no"}}),
        lambda: web.json_response({"response_action": "errors", "errors": {}}),
        lambda: web.json_response({"response_action": "errors", "errors": {"version": ""}}),
        lambda: web.json_response({"response_action": "update"}),
        lambda: web.json_response({"response_action": "push", "view": modal(title="x" * 25)}),
        lambda: web.json_response({"response_action": "shout"}),
    ],
)
async def test_an_answer_that_slack_cannot_use_looks_like_trouble_connecting(
    server: SlackServer, recorded: Any, answer: Any
) -> None:
    view = await opened(server, recorded)
    recorded.answers = [answer()]
    result = await view.fill(version="v1").submit()
    assert result.to_json() == {"result": "failed", "message": "We had some trouble connecting. Try again?"}
    assert view.is_open


async def test_an_app_may_answer_with_errors_another_view_or_one_on_top(server: SlackServer, recorded: Any) -> None:
    view = await opened(server, recorded)
    recorded.answers = [
        web.json_response({"response_action": "errors", "errors": {"version": "Taken."}}),
        web.json_response({"response_action": "update", "view": modal(title="Second")}),
        web.json_response({"response_action": "push", "view": modal(title="Third")}),
        web.json_response({"response_action": "clear"}),
    ]
    quinn = server.person("quinn")
    assert (await view.fill(version="v1").submit()).errors == {"version": "Taken."}
    assert (await view.submit()).result == "update"
    assert (view.title, quinn.views_open) == ("Second", 1)
    assert (await view.submit()).result == "push"
    assert (quinn.view.title, quinn.views_open) == ("Third", 2)
    assert (await quinn.view.fill(version="v1").submit()).result == "closed"
    assert quinn.views_open == 0


async def test_three_views_lie_on_each_other_and_no_more(server: SlackServer, recorded: Any) -> None:
    client, quinn = web_client(server), server.person("quinn")
    view = await opened(server, recorded, modal(MORE))
    for title in ("Second", "Third"):
        trigger_id = await click_trigger(recorded, quinn.view)
        await client.views_push(trigger_id=trigger_id, view=modal(MORE, title=title))
    trigger_id = await click_trigger(recorded, quinn.view)
    push = refusal(client.views_push(trigger_id=trigger_id, view=modal(MORE)))
    assert (await push)["error"] == "push_limit_reached"
    recorded.answers = [web.json_response({"response_action": "push", "view": modal()})]
    assert (await quinn.view.submit()).result == "failed"
    await quinn.view.close()
    assert quinn.view.title == "Second"
    assert quinn.view.definition["previous_view_id"] == view.id


async def test_a_view_is_pushed_only_with_a_trigger_from_inside_a_modal(server: SlackServer, recorded: Any) -> None:
    await server.person("quinn").command("/release approve")
    trigger_id = recorded.payloads()[-1]["trigger_id"]
    push = refusal(web_client(server).views_push(trigger_id=trigger_id, view=modal()))
    assert (await push)["error"] == "invalid_trigger_id"


async def test_an_update_knows_when_it_comes_too_late(server: SlackServer, recorded: Any) -> None:
    client, view = web_client(server), await opened(server, recorded)
    first = view.definition["hash"]
    await client.views_update(view_id=view.id, hash=first, view=modal(title="Second"))
    stale = refusal(client.views_update(view_id=view.id, hash=first, view=modal(title="Third")))
    assert (await stale)["error"] == "hash_conflict"
    assert view.title == "Second"
    await view.close()
    gone = refusal(client.views_update(view_id=view.id, view=modal()))
    assert (await gone)["error"] == "not_found"


async def test_what_was_typed_stays_through_an_update_only_where_the_ids_stay(
    server: SlackServer, recorded: Any
) -> None:
    view = await opened(server, recorded)
    view.fill(version="v1", count="3")
    renamed = field("count2", {"type": "plain_text_input"}, optional=True)
    await web_client(server).views_update(view_id=view.id, view=modal(FORM[0], renamed))
    assert (view.value("version"), view.value("count2")) == ("v1", None)
    await view.submit()
    assert set(recorded.payloads()[-1]["view"]["state"]["values"]) == {"version", "count2"}


async def test_a_click_inside_a_view_carries_what_is_filled_in(server: SlackServer, recorded: Any) -> None:
    view = await opened(server, recorded, modal(FORM[0], MORE))
    await view.fill(version="v1").click("More")
    payload = recorded.payloads()[-1]
    assert payload["container"] == {"type": "view", "view_id": view.id}
    assert payload["view"]["state"]["values"]["version"]["value"]["value"] == "v1"
    assert "response_url" not in payload


async def test_an_input_tells_the_app_of_a_choice_only_when_it_dispatches(server: SlackServer, recorded: Any) -> None:
    quiet = field("how", {"type": "static_select", "action_id": "a", "options": OPTIONS})
    loud = field("loud", {"type": "static_select", "action_id": "b", "options": OPTIONS}, dispatch_action=True)
    view = await opened(server, recorded, modal(quiet, loud))
    with pytest.raises(PersonError, match="does not dispatch actions"):
        await view.click("How", choose="Canary")
    await view.click("Loud", choose="Canary")
    payload = recorded.payloads()[-1]
    assert payload["actions"][0]["selected_option"]["value"] == "canary"
    assert payload["view"]["state"]["values"]["loud"]["b"]["selected_option"]["value"] == "canary"


async def test_the_app_hears_of_a_closed_view_only_when_it_asked(server: SlackServer, recorded: Any) -> None:
    await (await opened(server, recorded)).close()
    assert len(recorded.requests) == 1
    await (await opened(server, recorded, modal(notify_on_close=True))).close()
    payload = recorded.payloads()[-1]
    assert (payload["type"], payload["is_cleared"]) == ("view_closed", False)


async def test_a_home_is_published_per_person_and_comes_with_the_event_afterwards(
    server: SlackServer, recorded: Any, client: AsyncWebClient
) -> None:
    quinn = server.person("quinn")
    assert await quinn.open_home() is None
    assert "view" not in recorded.payloads()[0]["event"]
    home = {"type": "home", "blocks": [MORE]}
    published = await client.views_publish(user_id=quinn.id, view=home)
    await client.views_publish(user_id=quinn.id, view=home, hash=published["view"]["hash"])
    stale = refusal(client.views_publish(user_id=quinn.id, view=home, hash=published["view"]["hash"]))
    assert (await stale)["error"] == "hash_conflict"
    await quinn.open_home()
    assert recorded.payloads()[-1]["event"]["view"]["id"] == published["view"]["id"]
    assert quinn.home
    await quinn.home.click("More")
    assert recorded.payloads()[-1]["view"]["type"] == "home"
    assert server.person("dana").home is None
    modal_as_home = refusal(client.views_publish(user_id=quinn.id, view=modal()))
    assert (await modal_as_home)["error"] == "invalid_arguments"


async def test_an_external_id_names_one_view_at_a_time(server: SlackServer, recorded: Any) -> None:
    client, quinn = web_client(server), server.person("quinn")
    view = await opened(server, recorded, modal(MORE, external_id="mine"))
    trigger_id = await click_trigger(recorded, view)
    push = refusal(client.views_push(trigger_id=trigger_id, view=modal(external_id="mine")))
    assert (await push)["error"] == "duplicate_external_id"
    await client.views_update(external_id="mine", view=modal(title="Found", external_id="mine"))
    assert quinn.view.title == "Found"


async def test_without_a_home_tab_nothing_is_published() -> None:
    async with SlackServer({**MANIFEST, "features": {}}) as server:
        quinn = server.workspace.add_person("quinn")
        home = {"type": "home", "blocks": [MORE]}
        body = await refusal(web_client(server).views_publish(user_id=quinn.id, view=home))
        assert body["error"] == "not_enabled"
        body = await refusal(web_client(server).chat_postMessage(channel=quinn.id, text="x"))
        assert body["error"] == "messages_tab_disabled"
