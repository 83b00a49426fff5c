"""From the configuration to monitors: one client a kind, one monitor for each that services name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.core.policy import MonitorRule, Service
from bot.monitors.alertmanager import Alertmanager
from bot.monitors.datadog import Datadog
from bot.monitors.health import HealthEndpoint
from bot.monitors.interface import TIMEOUT, Monitor
from bot.monitors.prometheus import Prometheus
from bot.monitors.sentry import Sentry


class MonitorSecrets(BaseSettings):
    """The tokens of monitors, from the environment alone."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, validate_by_name=False, hide_input_in_errors=True
    )

    prometheus_token: SecretStr | None = Field(default=None, validation_alias="PROMETHEUS_TOKEN")
    alertmanager_token: SecretStr | None = Field(default=None, validation_alias="ALERTMANAGER_TOKEN")
    sentry_token: SecretStr | None = Field(default=None, validation_alias="SENTRY_TOKEN")
    datadog_api_key: SecretStr | None = Field(default=None, validation_alias="DATADOG_API_KEY")
    datadog_app_key: SecretStr | None = Field(default=None, validation_alias="DATADOG_APP_KEY")

    def missing(self, kind: str) -> tuple[str, ...]:
        """The variables that a kind of monitor needs and that are not set."""
        needed = {
            "sentry": {"SENTRY_TOKEN": self.sentry_token},
            "datadog": {"DATADOG_API_KEY": self.datadog_api_key, "DATADOG_APP_KEY": self.datadog_app_key},
        }
        return tuple(name for name, value in needed.get(kind, {}).items() if value is None)


@dataclass(frozen=True)
class Monitors:
    """Every service's monitors, and the connections they share."""

    client: httpx.AsyncClient
    by_service: Mapping[str, Mapping[str, Monitor]]
    alertmanagers: Mapping[str, Alertmanager]

    async def close(self) -> None:
        await self.client.aclose()


def monitors_of(services: Mapping[str, Service], secrets: MonitorSecrets | None = None) -> Monitors:
    """The monitors that services name. One whose secrets are missing is left out: its signals are blind, and say so."""
    # Queries of many services at once: more connections than httpx's default keeps would only wait for each other.
    limits = httpx.Limits(max_connections=32, max_keepalive_connections=32)
    client = httpx.AsyncClient(timeout=TIMEOUT, limits=limits, follow_redirects=False, trust_env=False)
    given = secrets or MonitorSecrets()
    made = {name: dict(_made(service, client, given)) for name, service in services.items()}
    told = {
        name: Alertmanager(client, str(service.alertmanager.url), given.alertmanager_token)
        for name, service in services.items()
        if service.alertmanager is not None
    }
    return Monitors(client, made, told)


def _made(service: Service, client: httpx.AsyncClient, secrets: MonitorSecrets) -> Iterator[tuple[str, Monitor]]:
    for name, rule in service.monitors.items():
        monitor = _monitor(rule, client, secrets)
        if monitor is not None:
            yield name, monitor


def _monitor(rule: MonitorRule, client: httpx.AsyncClient, secrets: MonitorSecrets) -> Monitor | None:
    url = str(rule.url)
    match rule.kind:
        case "prometheus":
            return Prometheus(client, url, secrets.prometheus_token)
        case "health":
            return HealthEndpoint(client, url)
        case "sentry":
            return Sentry(client, url, secrets.sentry_token) if secrets.sentry_token else None
        case "datadog":
            if secrets.datadog_api_key is None or secrets.datadog_app_key is None:
                return None
            return Datadog(client, url, secrets.datadog_api_key, secrets.datadog_app_key)
