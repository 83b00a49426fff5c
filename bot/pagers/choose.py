"""The ways to tell people that the environment gives."""

from __future__ import annotations

from typing import Annotated

import httpx
from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.core.addresses import NoPassword, host_name, web_address
from bot.core.routing import KINDS, MAIL, OPSGENIE, PAGERDUTY, Routing
from bot.outward import DeclinedError
from bot.pagers.interface import Pager
from bot.pagers.mail import Mail, Security
from bot.pagers.opsgenie import Opsgenie
from bot.pagers.pagerduty import PagerDuty

_ITS = "the environment variable "


class PagerSecrets(BaseSettings):
    """Keys and the mail server, from the environment alone."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True, str_strip_whitespace=True
    )

    pagerduty_key: SecretStr | None = Field(default=None, validation_alias="PAGERDUTY_ROUTING_KEY")
    pagerduty_url: Annotated[str, AfterValidator(web_address), NoPassword(_ITS + "PAGERDUTY_ROUTING_KEY")] = Field(
        default="https://events.pagerduty.com", validation_alias="PAGERDUTY_URL"
    )
    opsgenie_key: SecretStr | None = Field(default=None, validation_alias="OPSGENIE_API_KEY")
    opsgenie_url: Annotated[str, AfterValidator(web_address), NoPassword(_ITS + "OPSGENIE_API_KEY")] = Field(
        default="https://api.opsgenie.com", validation_alias="OPSGENIE_URL"
    )
    smtp_host: Annotated[
        str, AfterValidator(host_name), NoPassword("the environment variables SMTP_USER and SMTP_PASSWORD")
    ] = Field(default="", validation_alias="SMTP_HOST")
    smtp_port: int = Field(default=587, ge=1, le=65535, validation_alias="SMTP_PORT")
    smtp_user: str = Field(default="", validation_alias="SMTP_USER")
    smtp_password: SecretStr | None = Field(default=None, validation_alias="SMTP_PASSWORD")
    smtp_from: str = Field(default="", validation_alias="SMTP_FROM")
    smtp_security: Security = Field(default="starttls", validation_alias="SMTP_SECURITY")


REMEDIES = {
    "PAGERDUTY_ROUTING_KEY": "Set it to the integration key of an Events API v2 integration.",
    "OPSGENIE_API_KEY": "Set it to the key of an API integration that may create alerts.",
    "SMTP_HOST": "Set it to the mail server's name.",
    "SMTP_FROM": "Set it to the address that mail comes from.",
}


def missing(kind: str, secrets: PagerSecrets) -> tuple[str, str] | None:
    """The variable that is needed and not set, and what is to be put there."""
    needed: dict[str, dict[str, object]] = {
        PAGERDUTY: {"PAGERDUTY_ROUTING_KEY": secrets.pagerduty_key},
        OPSGENIE: {"OPSGENIE_API_KEY": secrets.opsgenie_key},
        MAIL: {"SMTP_HOST": secrets.smtp_host, "SMTP_FROM": secrets.smtp_from},
    }
    return next(((name, REMEDIES[name]) for name, value in needed[kind].items() if not value), None)


def pager_for(kind: str, client: httpx.AsyncClient, secrets: PagerSecrets) -> Pager:
    """The way to tell people of a kind. Raises DeclinedError where its key is missing."""
    if lacking := missing(kind, secrets):
        raise DeclinedError(f"{lacking[0]} is not set.", lacking[1])
    if kind == PAGERDUTY:
        assert secrets.pagerduty_key is not None
        return PagerDuty(client, secrets.pagerduty_url, secrets.pagerduty_key)
    if kind == OPSGENIE:
        assert secrets.opsgenie_key is not None
        return Opsgenie(client, secrets.opsgenie_url, secrets.opsgenie_key)
    return Mail(
        secrets.smtp_host,
        secrets.smtp_port,
        secrets.smtp_from,
        secrets.smtp_user,
        secrets.smtp_password,
        secrets.smtp_security,
    )


def wanted(routing: Routing) -> tuple[str, ...]:
    """The kinds that any route takes."""
    taken = {kind for route in routing.values() for kind in route.kinds()}
    return tuple(kind for kind in KINDS if kind in taken)
