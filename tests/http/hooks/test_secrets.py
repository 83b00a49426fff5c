"""A hook's secret is changed while its senders go on: the new one and the old one are taken, and no other."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.alerts import AlertRule
from bot.http.hooks.interface import HOOKS
from bot.http.hooks.signed import signature
from tests.http.hooks.conftest import VARIABLES, Told, hooked

NEW, OLD, OTHER = "new-secret-0123456789", "old-secret-0123456789", "a-secret-of-nobody-ab"
BODY = b'{"alerts": []}'
PREVIOUS = tuple(f"{name}_PREVIOUS" for name in VARIABLES)


@pytest.fixture
async def changing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Told]:
    """Every hook's secret is being changed."""
    for new, old in zip(VARIABLES, PREVIOUS, strict=True):
        monkeypatch.setenv(new, NEW)
        monkeypatch.setenv(old, OLD)
    async with hooked(tmp_path, AlertRule.model_validate({"url": "http://127.0.0.1:9", "hook": True})) as told:
        yield told


def proof(hook: str, secret: str, told: Told) -> dict[str, str]:
    """What a sender proves itself with."""
    if hook == "github":
        return {"x-hub-signature-256": f"sha256={hmac.new(secret.encode(), BODY, hashlib.sha256).hexdigest()}"}
    if hook == "signed":
        at = str(int(told.player.playground.now().timestamp()))
        return {"x-greenlight-timestamp": at, "x-greenlight-signature": f"v1={signature(secret, at, BODY)}"}
    return {"authorization": f"Bearer {secret}"}


async def sent(told: Told, hook: str, headers: dict[str, str]) -> int:
    return (await told.http.post(f"/hooks/{hook}", content=BODY, headers=headers)).status_code


@pytest.mark.parametrize("hook", HOOKS)
async def test_the_new_secret_and_the_old_one_are_taken_and_no_other(
    changing: Told, hook: str, caplog: pytest.LogCaptureFixture
) -> None:
    """And the log tells the operator who still uses the old one, without showing it."""
    with caplog.at_level(logging.INFO, "bot.http.hooks"):
        assert await sent(changing, hook, proof(hook, NEW, changing)) != 401
        assert not [one for one in caplog.records if getattr(one, "action", "") == "hook_previous_secret"]
        assert await sent(changing, hook, proof(hook, OLD, changing)) != 401
        [late] = [one for one in caplog.records if getattr(one, "action", "") == "hook_previous_secret"]
        assert getattr(late, "hook", "") == hook
        assert await sent(changing, hook, proof(hook, OTHER, changing)) == 401
        assert await sent(changing, hook, {}) == 401
    assert not any(secret in caplog.text for secret in (NEW, OLD, OTHER))


async def test_alertmanager_may_show_the_old_one_as_a_password(changing: Told) -> None:
    for secret in (NEW, OLD, OTHER):
        shown = base64.b64encode(f"anybody:{secret}".encode()).decode()
        answered = await sent(changing, "alertmanager", {"authorization": f"Basic {shown}"})
        assert (answered == 401) is (secret == OTHER)


@pytest.mark.parametrize("hook", HOOKS)
async def test_the_old_secret_alone_opens_nothing(tmp_path: Path, hook: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed as without any: the answer names the variable that is to be set."""
    for new, old in zip(VARIABLES, PREVIOUS, strict=True):
        monkeypatch.delenv(new, raising=False)
        monkeypatch.setenv(old, OLD)
    async with hooked(tmp_path) as told:
        answer = await told.http.post(f"/hooks/{hook}", content=BODY, headers=proof(hook, OLD, told))
    assert answer.status_code == 404
    assert "is closed" in answer.json()["detail"]


@pytest.mark.parametrize("hook", HOOKS)
async def test_the_old_secret_is_worth_nothing_once_it_is_gone(
    tmp_path: Path, hook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, NEW)
    async with hooked(tmp_path) as told:
        assert await sent(told, hook, proof(hook, OLD, told)) == 401
