"""Deliveries over HTTP to the app's request URL, signed as Slack signs them."""

from __future__ import annotations

import json
import time
from urllib.parse import urlencode

import aiohttp

from playground.slack.shapes import Json
from playground.slack.signing import signature_headers
from playground.slack.transport import Answer, DeliveryFailedError, Envelope

REDIRECTS_FOLLOWED = 2


class HttpTransport:
    """Posts to one request URL. An answer counts if it is complete within `patience` seconds."""

    def __init__(self, url: str, signing_secret: str, patience: float = 3.0) -> None:
        self.url = url
        self._secret = signing_secret
        self._patience = patience
        self._session: aiohttp.ClientSession | None = None

    async def send(self, envelope: Envelope) -> Answer:
        headers = {}
        if envelope.retry_number:
            headers["X-Slack-Retry-Num"] = str(envelope.retry_number)
            headers["X-Slack-Retry-Reason"] = envelope.retry_reason or "unknown_error"
        if envelope.type == "events_api":
            return await self._post(json.dumps(envelope.payload).encode(), "application/json", headers)
        form = envelope.payload
        if envelope.type == "interactive":
            form = {"payload": json.dumps(envelope.payload)}
        return await self._post(urlencode(form).encode(), "application/x-www-form-urlencoded", headers)

    async def verify_url(self, verification_token: str, challenge: str) -> bool:
        """Slack's check of an event request URL: the app must answer with the challenge."""
        body: Json = {"type": "url_verification", "token": verification_token, "challenge": challenge}
        answer = await self._post(json.dumps(body).encode(), "application/json", {})
        given = answer.json()
        return answer.is_ok and (answer.body == challenge or (given or {}).get("challenge") == challenge)

    async def check_certificate(self, verification_token: str) -> bool:
        """The `ssl_check=1` that Slack now and then posts to a command's URL."""
        body = urlencode({"ssl_check": "1", "token": verification_token}).encode()
        answer = await self._post(body, "application/x-www-form-urlencoded", {})
        return answer.is_ok

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _post(self, body: bytes, content_type: str, headers: dict[str, str]) -> Answer:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._patience))
        signed = signature_headers(self._secret, int(time.time()), body)
        sent = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0", **signed, **headers}
        try:
            async with self._session.post(
                self.url, data=body, headers=sent, max_redirects=REDIRECTS_FOLLOWED + 1
            ) as response:
                text = await response.text()
                return Answer(response.status, text, {name.lower(): value for name, value in response.headers.items()})
        except TimeoutError:
            raise DeliveryFailedError("http_timeout") from None
        except aiohttp.TooManyRedirects:
            raise DeliveryFailedError("too_many_redirects") from None
        except (aiohttp.ClientError, OSError):
            raise DeliveryFailedError("connection_failed") from None
