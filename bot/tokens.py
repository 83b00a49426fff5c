"""Tokens of the HTTP API: made, written down, and told from wrong ones. Only a digest of the secret is ever kept.

A token is `glt_<id>_<secret>`. The id is looked up; the secret has 256 random bits, so that a plain SHA-256 keeps it
(there is nothing to guess that would need a slow hash).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.store.interface import StoredToken

PREFIX = "glt"
_SHAPE = re.compile(rf"{PREFIX}_([0-9a-f]{{12}})_([A-Za-z0-9_-]{{43}})")
_NOBODYS_DIGEST = "0" * 64


@dataclass(frozen=True)
class Made:
    """A new token: what is kept, and the token itself, which is shown once and then nowhere."""

    kept: StoredToken
    token: str

    def __repr__(self) -> str:
        """Without the token: it is in no log."""
        return f"Made({self.kept.id})"


def make(name: str, service: str, steps: tuple[str, ...], now: datetime, lives_for: timedelta | None = None) -> Made:
    """A new token for a service's pipeline, good for the steps that are named; for ever unless it `lives_for` less."""
    token_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    expires_at = now + lives_for if lives_for else None
    kept = StoredToken(token_id, name, service, steps, _digest(secret), now, expires_at)
    return Made(kept, f"{PREFIX}_{token_id}_{secret}")


def rotated(kept: StoredToken, now: datetime) -> Made:
    """The same token with another secret; the old one is good for nothing from now on. It lives as long as before."""
    secret = secrets.token_urlsafe(32)
    lives_for = kept.expires_at - kept.created_at if kept.expires_at else None
    expires_at = now + lives_for if lives_for else None
    changed = replace(kept, digest=_digest(secret), created_at=now, expires_at=expires_at, used_at=None)
    return Made(changed, f"{PREFIX}_{kept.id}_{secret}")


def split(token: str) -> tuple[str, str] | None:
    """The id and the secret of a token; None where it has not the shape of one."""
    match = _SHAPE.fullmatch(token)
    return (match[1], match[2]) if match else None


def is_good(kept: StoredToken | None, secret: str, now: datetime) -> bool:
    """Whether a secret is a kept token's, and the token is still good. Takes as long for a wrong one as for a right."""
    same = hmac.compare_digest(_digest(secret), kept.digest if kept else _NOBODYS_DIGEST)
    if kept is None or not same or kept.revoked_at is not None:
        return False
    return kept.expires_at is None or now < kept.expires_at


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
