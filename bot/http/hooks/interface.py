"""What a hook is, and what goes wrong in one."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import GreenlightError

logger = logging.getLogger(__name__)

M = TypeVar("M", bound=BaseModel)
Headers = Mapping[bytes, bytes]
LONGEST_ADDRESS = 280
Made = tuple[Mapping[str, object], ...]
"""What was made of what was told, for the answer."""

Secrets = tuple[SecretStr, ...]
"""The secrets that a sender may use: its own and, while it is changed, the one before."""

HOOKS = ("github", "argocd", "alertmanager", "signed")
"""The last words of their addresses."""


class HookSecrets(BaseSettings):
    """What senders sign with or show, from the environment alone. A hook without its secret is closed. The previous one
    is taken as well, so that a secret is changed without a delivery lost.
    """

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, validate_by_name=False, hide_input_in_errors=True
    )

    github: SecretStr | None = Field(default=None, validation_alias="GREENLIGHT_GITHUB_WEBHOOK_SECRET")
    argocd: SecretStr | None = Field(default=None, validation_alias="GREENLIGHT_ARGOCD_TOKEN")
    alertmanager: SecretStr | None = Field(default=None, validation_alias="GREENLIGHT_ALERTMANAGER_TOKEN")
    signed: SecretStr | None = Field(default=None, validation_alias="GREENLIGHT_WEBHOOK_SECRET")
    previous_github: SecretStr | None = Field(
        default=None, validation_alias="GREENLIGHT_GITHUB_WEBHOOK_SECRET_PREVIOUS"
    )
    previous_argocd: SecretStr | None = Field(default=None, validation_alias="GREENLIGHT_ARGOCD_TOKEN_PREVIOUS")
    previous_alertmanager: SecretStr | None = Field(
        default=None, validation_alias="GREENLIGHT_ALERTMANAGER_TOKEN_PREVIOUS"
    )
    previous_signed: SecretStr | None = Field(default=None, validation_alias="GREENLIGHT_WEBHOOK_SECRET_PREVIOUS")

    @classmethod
    def variable(cls, hook: str, *, previous: bool = False) -> str:
        """The environment variable of a hook's secret."""
        return str(cls.model_fields[f"previous_{hook}" if previous else hook].validation_alias)

    def own(self, hook: str) -> SecretStr | None:
        found: SecretStr | None = getattr(self, hook)
        return found

    def previous(self, hook: str) -> SecretStr | None:
        found: SecretStr | None = getattr(self, f"previous_{hook}")
        return found

    def of(self, hook: str) -> Secrets:
        """The secrets of a hook, its own first; none where it has none of its own, which closes it."""
        own, previous = self.own(hook), self.previous(hook)
        if own is None:
            return ()
        return (own, previous) if previous is not None else (own,)


class Part(BaseModel):
    """A part of a sender's body: what is read of it, whatever else there is."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Hook(Protocol):
    """One sender's way in. `name` is the last word of its address."""

    @property
    def name(self) -> str: ...

    def is_theirs(self, headers: Headers, body: bytes, now: datetime) -> bool:
        """Whether the sender signed it. Nothing is read before that."""
        ...

    async def take(self, headers: Headers, body: bytes) -> Made:
        """Take what was sent; what was made of it. Raises UnreadableError, UnknownError, StoreBusyError."""
        ...


class UnreadableError(GreenlightError):
    """A body that is not what the sender documents: what is wrong, by field."""

    def __init__(self, detail: str, fields: Mapping[str, str]) -> None:
        super().__init__(detail)
        self.fields = fields


class UnknownError(GreenlightError):
    """It is about a service that is not in the configuration."""


def parsed(model: type[M], body: bytes) -> M:
    """A sender's body. UnreadableError with the fields that are missing or wrong."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        fields = {
            ".".join(map(str, one["loc"])) or "body": one["msg"]
            for one in error.errors(include_url=False, include_input=False, include_context=False)
        }
        raise UnreadableError("The body is not as its sender documents it.", fields) from error


def address(url: str | None) -> str:
    """An address that may be shown; empty where it is none."""
    plain = (url or "").strip()
    if len(plain) > LONGEST_ADDRESS or not plain.isprintable() or set(plain) & set("<>| "):
        return ""
    try:
        read = str(HttpUrl(plain))
    except ValidationError:
        return ""
    return read if len(read) <= LONGEST_ADDRESS else ""


def is_same(given: bytes, wanted: bytes) -> bool:
    """Compared in the same time, wherever they differ."""
    return hmac.compare_digest(given, wanted)


def is_one_of(secrets: Secrets, is_its: Callable[[bytes], bool], hook: str) -> bool:
    """Whether one of the secrets is the sender's. All are compared, so that the time tells nobody which it was."""
    found = [is_its(secret.get_secret_value().encode()) for secret in secrets]
    if any(found) and not found[0]:
        extra = {"action": "hook_previous_secret", "hook": hook}
        logger.info("a sender uses the previous secret of its hook", extra=extra)
    return any(found)


def shows(headers: Headers, secret: bytes) -> bool:
    """Whether the Authorization header carries a secret as a bearer token."""
    scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
    return scheme.lower() == b"bearer" and is_same(given.strip(), secret)
