"""Alertmanager, by its API (prometheus.io, Alertmanager: /api/v2/alerts and /api/v2/silences)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import SecretStr

from bot.core.alerts import Alert, parts_of
from bot.errors import TransientError
from bot.monitors.interface import UnreachableError, UnusableError
from bot.outward import DeclinedError, call

AUTHOR = "Greenlight"


@dataclass(frozen=True)
class Silence:
    """A silence that Greenlight set and that is in force. `mark` says what for; it stands in the comment."""

    id: str
    mark: str
    ends_at: datetime


@dataclass(frozen=True)
class Alertmanager:
    """An Alertmanager at `url`. Raises MonitorError."""

    client: httpx.AsyncClient
    url: str
    token: SecretStr | None = None
    title: str = "Alertmanager"

    async def alerts(self, belongs: Iterable[str]) -> tuple[Alert, ...]:
        """The alerts that fire now, silenced ones among them."""
        filters = [("filter", matcher) for matcher in belongs]
        told = await self._ask("GET", "alerts", params=[("active", "true"), *filters])
        return tuple(_alert(one) for one in _entries(told))

    async def raise_alert(self, labels: Mapping[str, str], annotations: Mapping[str, str]) -> None:
        """Raise an alert as Prometheus does; it ends by itself. The same labels are the same alert."""
        await self._ask("POST", "alerts", json=[{"labels": dict(labels), "annotations": dict(annotations)}])

    async def silences(self) -> tuple[Silence, ...]:
        """Those of Greenlight's that are in force or begin later."""
        told = await self._ask("GET", "silences")
        ours = (one for one in _entries(told) if one.get("createdBy") == AUTHOR)
        return tuple(_silence(one) for one in ours if _state(one) in ("active", "pending"))

    async def silence(self, matchers: Iterable[str], starts_at: datetime, ends_at: datetime, mark: str) -> None:
        """Set a silence; it ends by itself."""
        body = {
            "matchers": [_matcher(matcher) for matcher in matchers],
            "startsAt": starts_at.isoformat(),
            "endsAt": ends_at.isoformat(),
            "createdBy": AUTHOR,
            "comment": mark,
        }
        await self._ask("POST", "silences", json=body)

    async def lift(self, silence: Silence) -> None:
        """End a silence. One that has ended already is no trouble."""
        await self._ask("DELETE", f"silence/{silence.id}", may_be_gone=True)

    async def _ask(self, method: str, path: str, *, may_be_gone: bool = False, **given: Any) -> Any:
        secret = self.token.get_secret_value() if self.token else ""
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        url = f"{self.url.rstrip('/')}/api/v2/{path}"
        request = self.client.build_request(method, url, headers=headers, **given)
        try:
            answer = await call(self.client, request, self.title, secrets=(secret,))
            return answer.json() if answer.content else None
        except TransientError as error:
            raise UnreachableError(str(error)) from error
        except DeclinedError as error:
            if may_be_gone and "(404" in error.reason:
                return None
            raise UnusableError(str(error)) from error
        except ValueError as error:
            raise UnusableError(f"{self.title} answered with something that is not JSON.") from error


def _matcher(text: str) -> dict[str, object]:
    name, sign, value = parts_of(text)
    return {"name": name, "value": value, "isRegex": "~" in sign, "isEqual": not sign.startswith("!")}


def _entries(told: Any) -> list[Mapping[str, Any]]:
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise UnusableError("Alertmanager answered with something else than was asked for.")
    return told


def _alert(one: Mapping[str, Any]) -> Alert:
    return Alert(
        fingerprint=str(one.get("fingerprint", "")),
        labels=_texts(one.get("labels")),
        starts_at=_moment(one.get("startsAt")),
        annotations=_texts(one.get("annotations")),
        is_silenced=_state(one) == "suppressed",
    )


def _texts(told: Any) -> dict[str, str]:
    return {str(name): str(text) for name, text in told.items()} if isinstance(told, dict) else {}


def _state(one: Mapping[str, Any]) -> str:
    return _texts(one.get("status")).get("state", "")


def _silence(one: Mapping[str, Any]) -> Silence:
    return Silence(str(one.get("id", "")), str(one.get("comment", "")), _moment(one.get("endsAt")))


def _moment(text: Any) -> datetime:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError as error:
        raise UnusableError("Alertmanager answered with a time that can't be read.") from error
