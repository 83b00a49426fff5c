"""What a call of Slack's Web API can end in, as a small closed set, each with what is to be done about it.

TransientError            nothing reached Slack; it can be sent again as it is
├── RateLimitedError      Slack wants a pause for this method (429, Retry-After)
└── AmbiguousError        it may have been accepted: look before it is sent again
UndeliverableError        Slack refuses it for good, until a person changes something
AuthorizationError        Slack does not accept the token; an operator must act, then everything can be sent again
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.errors import GreenlightError, TransientError

DEFAULT_PAUSE = 5.0
"""Seconds to pause where a 429 does not say how long."""


class RateLimitedError(TransientError):
    """Slack asks for a pause of `retry_after` seconds before `method` is called again. Nothing was done."""

    retry_after: float

    def __init__(self, method: str, retry_after: float) -> None:
        super().__init__(f"{method} is rate limited for {retry_after:g} s", retry_after)
        self.method = method


class AmbiguousError(TransientError):
    """The answer was lost (timeout, reset, 5xx): the call may have been carried out, or not."""


class UndeliverableError(GreenlightError):
    """Slack refuses the call for good. `reason` is Slack's own code; `remedy` a sentence for a person, plain text."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}: {remedy}")
        self.reason = reason
        self.remedy = remedy


class AuthorizationError(GreenlightError):
    """Slack does not accept the bot's token. `reason` is Slack's own code."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Slack refuses the bot's token ({reason}); check SLACK_BOT_TOKEN, or install the app again.")
        self.reason = reason


_TOKEN_REFUSED = frozenset(
    {
        "access_denied",
        "account_inactive",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_auth",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "token_expired",
        "token_revoked",
    }
)

_TROUBLE_AT_SLACK = frozenset(
    {"fatal_error", "internal_error", "request_timeout", "service_unavailable", "team_added_to_org", "timeout"}
)
"""docs.slack.dev says of fatal_error and internal_error that parts of the call may have succeeded."""

_INVITE = "Invite Greenlight to the channel with /invite @Greenlight."
_OURS = "This is a fault of Greenlight: please report it with the log of this moment."
_NO_EDIT = "The card can't be edited any more; the thread goes on below it."
_CLICK_AGAIN = "Slack took too long to open the form: please click again."
_PERSON = "Take the person out of the configuration or out of the user group."
_POLICY = "The workspace does not let apps do this here: ask one of its admins."

_REMEDIES: Mapping[str, str] = {
    "not_in_channel": _INVITE,
    "channel_not_found": "Check the channel's id in the configuration. If the channel is private: " + _INVITE,
    "is_archived": "Unarchive the channel, or name another one in the configuration.",
    "user_not_in_channel": "The person is not in the channel.",
    "restricted_action": _POLICY,
    "restricted_action_read_only_channel": _POLICY,
    "restricted_action_thread_only_channel": _POLICY,
    "restricted_action_non_threadable_channel": _POLICY,
    "restricted_action_thread_locked": "The thread is locked: ask one of the workspace's admins.",
    "messages_tab_disabled": "Switch on the Messages tab under App Home in the Slack app's settings.",
    "user_disabled": _PERSON,
    "user_not_found": _PERSON,
    "users_not_found": _PERSON,
    "cannot_dm_bot": _PERSON,
    "no_such_subteam": "Check the user group's id in the configuration.",
    "subteam_disabled": "Enable the user group again, or name another one in the configuration.",
    "plan_upgrade_required": "User groups need a paid plan of Slack: list the people by their ids instead.",
    "permission_denied": _POLICY,
    "cant_update_message": _NO_EDIT,
    "edit_window_closed": _NO_EDIT,
    "message_not_found": _NO_EDIT,
    "thread_not_found": "The head of the thread was deleted.",
    "expired_trigger_id": _CLICK_AGAIN,
    "exchanged_trigger_id": _CLICK_AGAIN,
    "trigger_expired": _CLICK_AGAIN,
    "trigger_exchanged": _CLICK_AGAIN,
    "invalid_trigger_id": _CLICK_AGAIN,
    "hash_conflict": "It was changed meanwhile: open it again.",
    "invalid_arguments": _OURS,
    "invalid_blocks": _OURS,
    "invalid_blocks_format": _OURS,
    "metadata_too_large": _OURS,
    "msg_blocks_too_long": _OURS,
    "msg_too_long": _OURS,
    "no_text": _OURS,
    "view_too_large": _OURS,
}


def from_answer(method: str, error: SlackApiError) -> GreenlightError:
    """What an answer that is not ok means. No part of what was sent is in the result."""
    # The SDK hands over its own response, or aiohttp's where the body was no JSON.
    answer: Any = error.response
    status = int(getattr(answer, "status_code", 0) or getattr(answer, "status", 0))
    data = getattr(answer, "data", None)
    body: Mapping[str, Any] = data if isinstance(data, dict) else {}
    code = str(body.get("error", ""))
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return RateLimitedError(method, _pause(answer.headers.get("Retry-After", "")))
    if status >= 500 or not code or code in _TROUBLE_AT_SLACK:
        return AmbiguousError(f"{method} ended in status {status} {code}".rstrip())
    if code in _TOKEN_REFUSED:
        return AuthorizationError(code)
    return UndeliverableError(code, _remedy(method, code, body))


def _pause(header: str) -> float:
    try:
        seconds = float(header)
    except ValueError:
        return DEFAULT_PAUSE
    return seconds if math.isfinite(seconds) and seconds > 0 else DEFAULT_PAUSE


def _remedy(method: str, code: str, body: Mapping[str, Any]) -> str:
    if code == "missing_scope":
        needed = body.get("needed") or "that the method needs"
        return f"Add the scope {needed} to the Slack app (see manifest.yml) and install it again."
    remedy = _REMEDIES.get(code, f"See https://docs.slack.dev/reference/methods/{method} for this code.")
    # Slack says here which block is at fault and why, with a JSON pointer and without the block's text.
    details = body.get("response_metadata", {}).get("messages", [])
    return " ".join([remedy, *map(str, details)])
