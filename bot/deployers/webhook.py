"""Deployments by a webhook of the team's own, signed as Slack signs its requests: the time and the body, with a secret
both sides know.

    X-Greenlight-Timestamp: 1705420800
    X-Greenlight-Signature: v1=<hex of HMAC-SHA256(secret, "v1:" + timestamp + ":" + body)>
    Idempotency-Key: <the order's key>

The receiver must refuse what is older than five minutes and carry a key out once. It may answer {"url": "https://…"},
where the progress is seen.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

import httpx
from pydantic import SecretStr

from bot.deployers.interface import Order, Progress, Started
from bot.outward import UnclearError, call

VERSION = "v1"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The value of X-Greenlight-Signature."""
    basis = f"{VERSION}:{timestamp}:".encode() + body
    return f"{VERSION}={hmac.new(secret.encode(), basis, hashlib.sha256).hexdigest()}"


@dataclass(frozen=True)
class Webhook:
    """An address that takes orders as JSON."""

    client: httpx.AsyncClient
    secret: SecretStr
    url: str
    now: Callable[[], datetime]
    title: str = "The deployment webhook"
    repeatable: bool = True
    """The receiver carries a key out once."""

    async def start(self, order: Order) -> Started:
        body = json.dumps(asdict(order), separators=(",", ":"), sort_keys=True).encode()
        timestamp = str(int(self.now().timestamp()))
        secret = self.secret.get_secret_value()
        headers = {
            "Content-Type": "application/json",
            "X-Greenlight-Timestamp": timestamp,
            "X-Greenlight-Signature": signature(secret, timestamp, body),
            "Idempotency-Key": order.key,
        }
        request = self.client.build_request("POST", self.url, content=body, headers=headers)
        answer = await call(self.client, request, self.title, secrets=(secret,))
        if answer.headers.get("content-type", "").startswith("text/html"):
            # A page to sign in on, most likely: whoever answered took no order.
            raise UnclearError(f"{self.title} answered with a page.")
        return Started(_url(answer))

    async def find(self, order: Order) -> Started | None:
        """Nothing to ask: the receiver carries a key out once, so that sending it again is safe."""
        del order
        return None

    async def progress(self, order: Order, url: str) -> Progress:
        """Nothing to ask either: it tells by itself, through the API, how an order went."""
        del order
        return Progress("unseen", url=url)

    async def check(self) -> tuple[str, str] | None:
        """Whether it listens is known with the first order: it is asked for nothing else."""
        return None


def _url(answer: httpx.Response) -> str:
    try:
        told = answer.json()
    except ValueError:
        return ""
    url = told.get("url", "") if isinstance(told, dict) else ""
    return url if isinstance(url, str) and url.startswith(("https://", "http://")) else ""
