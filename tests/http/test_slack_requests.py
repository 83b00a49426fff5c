"""What Slack sends is read as it was meant, whichever signs are in it."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from bot.http.slack_requests import payload


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "approve v1.2.0",
        "a=b&c;d+e %3D =20 == =\n",
        "two\r\nlines\tand a tab ",
        "“curly”, \"straight\" and 'single'",
        "é 漢字 🚀 _under_ 100%",
        "\x00\x7f<@U1|name> &amp;",
        "".join(map(chr, range(256))),
    ],
)
def test_a_forms_values_arrive_as_they_were_typed(typed: str) -> None:
    """Decoding goes by way of another encoding, whose own signs must come through like any other."""
    fields = {"command": "/release", "text": typed, "odd=&name+": "x"}
    assert payload(urlencode(fields).encode()) == fields


def test_a_sign_that_was_left_unquoted_is_taken_as_it_stands() -> None:
    """Slack quotes all that needs it; others that sign with the secret may not."""
    assert payload("text=a=b=41 ü&&empty=&alone".encode()) == {"text": "a=b=41 ü", "empty": "", "alone": ""}


def test_interactions_are_json_within_a_form_and_events_are_json() -> None:
    """docs.slack.dev, "Handling user interaction", and "Events API"."""
    told = {"type": "block_actions", "text": "50 % ü = + &"}
    assert payload(urlencode({"payload": json.dumps(told)}).encode()) == told
    assert payload(json.dumps(told).encode()) == told
