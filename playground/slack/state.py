"""All parts of this Slack in one place, without any HTTP."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from playground.slack.deliveries import RETRY_DELAYS, Deliveries
from playground.slack.faults import Faults
from playground.slack.manifest import Manifest
from playground.slack.rate_limits import RateLimits
from playground.slack.response_urls import ResponseUrls
from playground.slack.shapes import Json
from playground.slack.traffic import Traffic
from playground.slack.triggers import Triggers
from playground.slack.views import Views
from playground.slack.workspace import Workspace


def system_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Credentials:
    """What an app is given when it is installed. Made afresh unless given."""

    bot_token: str = field(default_factory=lambda: f"xoxb-{secrets.token_hex(24)}")
    app_token: str = field(default_factory=lambda: f"xapp-1-{secrets.token_hex(24)}")
    signing_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    verification_token: str = field(default_factory=lambda: secrets.token_hex(12))


@dataclass(frozen=True)
class Settings:
    """How strict and how patient this Slack is. The defaults are Slack's own.

    `patience` is the seconds an app has to answer; `retry_delays` the waits before each retry of an event.
    """

    team_name: str = "Acme Shop"
    app_id: str = "A0GREENLIGHT"
    patience: float = 3.0
    retry_delays: Sequence[timedelta] = RETRY_DELAYS
    rate_limited: bool = True


class Slack:
    """One workspace with one installed app."""

    def __init__(
        self,
        manifest: Json,
        *,
        now: Callable[[], datetime] = system_now,
        monotonic: Callable[[], float] = time.monotonic,
        credentials: Credentials | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.credentials = credentials or Credentials()
        self.manifest = Manifest.from_dict(manifest)
        self.now = now
        self.monotonic = monotonic
        self.workspace = Workspace(
            now, team_name=self.settings.team_name, bot_name=self.manifest.bot_name, app_id=self.settings.app_id
        )
        self.views = Views(self.workspace)
        self.triggers = Triggers(monotonic)
        self.response_urls = ResponseUrls(now)
        self.faults = Faults()
        self.limits = RateLimits(monotonic, enabled=self.settings.rate_limited)
        keys = self.credentials
        hidden = (keys.bot_token, keys.app_token, keys.signing_secret, keys.verification_token)
        self.traffic = Traffic(self.workspace.events, hidden)
        self.deliveries = Deliveries(self.workspace.events, self.traffic, self.faults, now, self.settings.retry_delays)
        self.base_url = ""
        self.socket_mode_enabled = self.manifest.socket_mode_enabled
        self.socket_tickets: set[str] = set()
