"""The Slack app's manifest keeps Slack's rules, for both transports, and asks for nothing without a reason."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from bot import manifest
from bot.http.door import SLACK_PATH
from handlers import environment, release, rollback


def _text(longest: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": longest}


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
    }


def _list(items: dict[str, Any], most: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": most, "uniqueItems": True}


YES_OR_NO = {"type": "boolean"}
ADDRESS = {"type": "string", "pattern": "^https?://", "maxLength": 3000}

# Slack's limits for the parts of a manifest that Greenlight uses (docs.slack.dev, "App manifest reference"). A part
# that is not here is refused, so that it is looked up before it is used.
RULES = _object(
    ("display_information",),
    display_information=_object(
        ("name",),
        name=_text(35),
        description=_text(140),
        long_description={"type": "string", "minLength": 175, "maxLength": 4000},
        background_color={"type": "string", "pattern": "^#([0-9a-fA-F]{3}){1,2}$"},
    ),
    features=_object(
        app_home=_object(
            home_tab_enabled=YES_OR_NO, messages_tab_enabled=YES_OR_NO, messages_tab_read_only_enabled=YES_OR_NO
        ),
        bot_user=_object(("display_name",), display_name=_text(80), always_online=YES_OR_NO),
        slash_commands=_list(
            _object(
                ("command", "description"),
                command={"type": "string", "pattern": "^/", "minLength": 2, "maxLength": 32},
                url=ADDRESS,
                description=_text(2000),
                usage_hint=_text(1000),
                should_escape=YES_OR_NO,
            ),
            50,
        ),
        shortcuts=_list(
            _object(
                ("name", "type", "callback_id", "description"),
                name=_text(24),
                type={"enum": ["message", "global"]},
                callback_id=_text(255),
                description=_text(150),
            ),
            10,
        ),
    ),
    oauth_config=_object(scopes=_object(bot=_list(_text(50), 255))),
    settings=_object(
        event_subscriptions=_object(request_url=ADDRESS, bot_events=_list(_text(50), 100)),
        interactivity=_object(("is_enabled",), is_enabled=YES_OR_NO, request_url=ADDRESS),
        org_deploy_enabled=YES_OR_NO,
        socket_mode_enabled=YES_OR_NO,
        token_rotation_enabled=YES_OR_NO,
    ),
)


def _addresses(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("url", "request_url"):
                yield value
            yield from _addresses(value)
    elif isinstance(node, list):
        for entry in node:
            yield from _addresses(entry)


@pytest.mark.parametrize(
    "text",
    [manifest.text(), manifest.for_http("https://bot.example.org"), manifest.for_socket_mode()],
    ids=["as shipped", "http", "socket mode"],
)
def test_manifest_keeps_slacks_rules(text: str) -> None:
    """As shipped and as printed for each transport, Slack can take it."""
    jsonschema.validate(manifest.read(text), RULES)


@pytest.mark.parametrize(
    ("part", "key", "wrong"),
    [
        ("display_information", "name", "N" * 36),
        ("display_information", "colour", "#fff"),
        ("settings", "socket_mode_enabled", "yes"),
        ("features", "shortcuts", [{"name": "N" * 25, "type": "global", "callback_id": "x", "description": "x"}]),
        ("features", "slash_commands", [{"command": "release", "description": "x"}]),
    ],
)
def test_rules_refuse_what_slack_refuses(part: str, key: str, wrong: object) -> None:
    """A name over its limit, an unknown key, a wrong type: the rules above can fail."""
    broken = copy.deepcopy(manifest.read())
    broken[part][key] = wrong
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, RULES)


def test_over_http_slack_calls_one_path_at_the_given_address() -> None:
    """Bolt answers commands, events and clicks at one path, which is the one the bot serves."""
    read = manifest.read(manifest.for_http("https://bot.example.org/"))
    assert set(_addresses(read)) == {f"https://bot.example.org{SLACK_PATH}"}
    # one a command, one for events, one for clicks
    assert len(list(_addresses(read))) == len(read["features"]["slash_commands"]) + 2
    assert read["settings"]["socket_mode_enabled"] is False


def test_in_socket_mode_no_address_is_left_and_nothing_else_differs() -> None:
    """Slack ignores addresses there; one that stays behind misleads whoever reads it."""
    read = manifest.read(manifest.for_socket_mode())
    assert list(_addresses(read)) == []
    assert read["settings"].pop("socket_mode_enabled") is True
    http = manifest.read()
    assert read["oauth_config"] == http["oauth_config"]
    assert (
        read["settings"]["event_subscriptions"]["bot_events"] == (http["settings"]["event_subscriptions"]["bot_events"])
    )
    assert len(read["features"]["slash_commands"]) == len(http["features"]["slash_commands"])


def test_commands_arrive_with_ids_in_place_of_names() -> None:
    """Without should_escape, "@jane" is only text, and two people may be called that."""
    for command in manifest.read()["features"]["slash_commands"]:
        assert command["should_escape"] is True, command["command"]


def test_what_is_hinted_while_a_command_is_typed_names_every_subcommand() -> None:
    """Who types "/release" learns there of what help would list: nobody looks for a word that is hinted nowhere."""
    known = {"/release": release.SUBCOMMANDS, "/env": environment.SUBCOMMANDS, "/rollback": rollback.SUBCOMMANDS}
    for command in manifest.read()["features"]["slash_commands"]:
        words = re.sub(r"\[[^]]*\]", "", command["usage_hint"]).split("|")
        hinted = [word.split()[0] for word in words if word.strip()]
        asked = [one.usage.split()[0] for one in known[command["command"]].values() if not one.usage.startswith("[")]
        assert sorted(hinted) == sorted(asked), command["command"]


def test_every_scope_and_event_says_what_it_is_for() -> None:
    """Whoever installs the app can see why each is asked for."""
    lines = manifest.text().splitlines()
    read = manifest.read()
    asked = [*read["oauth_config"]["scopes"]["bot"], *read["settings"]["event_subscriptions"]["bot_events"]]
    for name in asked:
        (line,) = (line for line in lines if line.strip().startswith(f"- {name} "))
        assert line.partition("#")[2].strip(), name


def test_every_event_has_the_scope_that_slack_wants_for_it() -> None:
    """Slack delivers nothing of an event whose scope is missing (docs.slack.dev, "Events")."""
    wanted = {
        "app_home_opened": set(),
        "app_mention": {"app_mentions:read"},
        "member_joined_channel": {"channels:read", "groups:read"},
        "subteam_members_changed": {"usergroups:read"},
    }
    events = manifest.read()["settings"]["event_subscriptions"]["bot_events"]
    assert set(events) == set(wanted)
    assert set().union(*wanted.values()) <= manifest.scopes()


def test_tokens_are_not_rotated() -> None:
    """Rotation can't be switched off again, and a bare SLACK_BOT_TOKEN would expire after twelve hours."""
    assert manifest.read()["settings"]["token_rotation_enabled"] is False
