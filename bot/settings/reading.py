"""The only reader of the environment (tokens, where to listen) and of the configuration file (the team's rules).

Everything wrong is told at once, as ConfigurationError. No message shows the value of a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.core import addresses
from bot.core.addresses import NoPassword, web_address, without_user
from bot.core.policy import Service
from bot.errors import ConfigurationError, Problem
from bot.settings.file import read, spell
from bot.settings.services import Checker

V = TypeVar("V", bound=BaseSettings)


class Transport(StrEnum):
    """How Slack reaches the bot: it calls a public address, or the bot opens a WebSocket."""

    HTTP = "http"
    SOCKET = "socket"


_WHAT_IT_IS = {
    "xoxb-": "a bot token",
    "xapp-": "an app-level token",
    "xoxp-": "a user token",
    "xoxe": "a token of token rotation",
    "xoxa-": "a legacy workspace token",
    "xoxc-": "a browser's token",
}


def _token(prefix: str, advice: str) -> AfterValidator:
    """A token must begin as Slack's do; one put in another's place is recognised, and never shown."""

    def check(token: SecretStr) -> SecretStr:
        given = token.get_secret_value()
        if not given.startswith(prefix):
            kind = next((kind for start, kind in _WHAT_IT_IS.items() if given.startswith(start)), "no Slack token")
            raise ValueError(f"This is {kind}, but {_WHAT_IT_IS[prefix]} ({prefix}…) is needed.|{advice}")
        return token

    return AfterValidator(check)


_BOT_ADVICE = "Copy the “Bot User OAuth Token” from “OAuth & Permissions” of your Slack app."
_APP_ADVICE = "Create one with the scope connections:write under “Basic Information”, “App-Level Tokens”."
_SIGNING_ADVICE = "Copy the “Signing Secret” from “Basic Information” of your Slack app."


def _signing(secret: SecretStr) -> SecretStr:
    given = secret.get_secret_value()
    if given.startswith(("xox", "xapp")):
        raise ValueError(f"This is a token, but the signing secret is needed.|{_SIGNING_ADVICE}")
    return secret


def _stripped(value: object) -> object:
    """Copied tokens often bring a line break along."""
    return value.strip() if isinstance(value, str) else value


def _base_address(address: str) -> str:
    return address if address.endswith("/") else f"{address}/"


def _no_database_url(_: SecretStr) -> SecretStr:
    raise ValueError(
        "Other databases than SQLite, such as PostgreSQL, are not supported yet.|"
        "Unset DATABASE_URL, and set GREENLIGHT_DATABASE to the path of an SQLite file that outlives restarts."
    )


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class Environment(BaseModel):
    """The deployment's facts. `read_environment` reads them; the playground and tests give them by field name.

    `host` is 127.0.0.1 unless told otherwise, so that nothing is exposed by accident. Where a platform's router
    comes from outside, the Procfile says so: `greenlight serve --host 0.0.0.0`.
    """

    model_config = ConfigDict(frozen=True, validate_by_name=True, validate_by_alias=True, hide_input_in_errors=True)

    bot_token: Annotated[SecretStr, BeforeValidator(_stripped), _token("xoxb-", _BOT_ADVICE)] = Field(
        validation_alias="SLACK_BOT_TOKEN"
    )
    signing_secret: Annotated[SecretStr, BeforeValidator(_stripped), AfterValidator(_signing)] | None = Field(
        default=None, validation_alias="SLACK_SIGNING_SECRET"
    )
    app_token: Annotated[SecretStr, BeforeValidator(_stripped), _token("xapp-", _APP_ADVICE)] | None = Field(
        default=None, validation_alias="SLACK_APP_TOKEN"
    )
    wanted_transport: Annotated[Literal["auto", "http", "socket"], BeforeValidator(_lower)] = Field(
        default="auto", validation_alias="GREENLIGHT_TRANSPORT", validate_default=True
    )
    configuration: Path = Field(default=Path("greenlight.yml"), validation_alias="GREENLIGHT_CONFIG")
    database: Path = Field(default=Path("greenlight.db"), validation_alias="GREENLIGHT_DATABASE")
    database_url: Annotated[SecretStr, AfterValidator(_no_database_url)] | None = Field(
        default=None, validation_alias="DATABASE_URL"
    )
    host: str = Field(default="127.0.0.1", validation_alias="HOST")
    port: int = Field(default=3000, ge=0, le=65535, validation_alias="PORT")
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Field(
        default="INFO", validation_alias="LOG_LEVEL"
    )
    slack_api_url: Annotated[
        str,
        AfterValidator(_base_address),
        AfterValidator(web_address),
        NoPassword("the environment variable SLACK_BOT_TOKEN"),
    ] = Field(default="https://slack.com/api/", validation_alias="SLACK_API_URL")

    @property
    def transport(self) -> Transport:
        """As wanted; else HTTP where there is a signing secret, and Socket Mode where there is only an app token."""
        if self.wanted_transport == "auto":
            return Transport.HTTP if self.signing_secret else Transport.SOCKET
        return Transport(self.wanted_transport)

    @field_validator("wanted_transport")
    @classmethod
    def _has_its_secret(cls, wanted: str, info: ValidationInfo) -> str:
        # A secret that was refused is absent here, and its own problem is told: only None counts as not given.
        secret = info.data.get("signing_secret", "refused")
        token = info.data.get("app_token", "refused")
        if wanted == "http" and secret is None:
            raise ValueError(f"HTTP needs SLACK_SIGNING_SECRET, which is not set.|{_SIGNING_ADVICE}")
        if wanted == "socket" and token is None:
            raise ValueError(f"Socket Mode needs SLACK_APP_TOKEN, which is not set.|{_APP_ADVICE}")
        if wanted == "auto" and secret is None and token is None:
            raise ValueError(
                "Slack has no way in: neither SLACK_SIGNING_SECRET (HTTP) nor SLACK_APP_TOKEN (Socket Mode) is set.|"
                "Set the first where Slack can reach this machine, the second where it can't."
            )
        return wanted


class _ProcessEnvironment(BaseSettings, Environment):
    """The same facts, read from the process's environment. An empty variable counts as not set."""

    # By the variables' names alone: by field name, a stray DATABASE or CONFIGURATION would be read too.
    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True, validate_by_name=False
    )


def read_environment() -> Environment:
    """The process's environment. Raises ConfigurationError with every problem in it."""
    return read_variables(_ProcessEnvironment)


def read_variables(kind: type[V]) -> V:
    """The variables of the environment that a part needs. Raises ConfigurationError with every problem in them, none of
    which shows a value.
    """
    try:
        return kind()
    except ValidationError as error:
        problems = tuple(_variable_problem(kind, one) for one in error.errors(include_url=False, include_input=False))
    # Outside of the handler: pydantic's error, which holds the values, is not to be shown as the cause.
    raise ConfigurationError(problems)


class Files(BaseSettings):
    """Where the files are: all of the environment that commands need which do not speak to Slack."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True, validate_by_name=False)

    configuration: Path = Field(default=Path("greenlight.yml"), validation_alias="GREENLIGHT_CONFIG")
    database: Path = Field(default=Path("greenlight.db"), validation_alias="GREENLIGHT_DATABASE")
    bot_token: SecretStr | None = Field(default=None, validation_alias="SLACK_BOT_TOKEN")

    @property
    def knows_slack(self) -> bool:
        """Whether there is a token to ask Slack with."""
        return self.bot_token is not None


def _variable_problem(kind: type[BaseSettings], error: ErrorDetails) -> Problem:
    name = str(error["loc"][0])  # the variable's; the field's where a default was refused
    info = kind.model_fields.get(name)
    variable = str(info.validation_alias) if info else name
    reason, remedy = _variable_told(variable, error)
    return Problem(file="environment", key=variable, reason=reason, remedy=remedy)


_NUMBERS = {
    "PORT": "PORT must be a number from 0 to 65535.",
    "SMTP_PORT": "SMTP_PORT must be a number from 1 to 65535, such as 587.",
}


def _variable_told(variable: str, error: ErrorDetails) -> tuple[str, str]:
    match error["type"]:
        case "missing":
            return "This variable is not set.", _BOT_ADVICE
        case "literal_error":
            return "This value is not known.", f"Allowed: {error['ctx']['expected'].lower()}."
        case addresses.HOLDS_USER:
            remedy = without_user(error["ctx"]["instead"])
            return "This address holds a user or a password, and secrets stand in variables of their own.", remedy
        case "value_error":
            reason, _, remedy = error["msg"].removeprefix("Value error, ").partition("|")
            return reason, remedy
        case _:
            return "This value does not fit.", _NUMBERS.get(variable, "")


@dataclass(frozen=True)
class Configuration:
    """The configuration file, checked and with its defaults applied.

    `services` by name, in the file's order; `channel_names` the names that the file gives to channel ids;
    `time_zone` the team's. `file` and `places` (spelled key → key as it stands in the file, line) are for messages.
    """

    services: Mapping[str, Service]
    channel_names: Mapping[str, str] = field(default_factory=dict)
    time_zone: str = "UTC"
    file: str = ""
    places: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def service_in(self, channel_id: str) -> tuple[Service, ...]:
        """The services whose commands belong in a channel, in the file's order."""
        return tuple(service for service in self.services.values() if channel_id in service.channels)

    def problem(self, key: str, reason: str, remedy: str) -> Problem:
        """A problem with a service's key, such as services.billing.channels[0], told where the file has it."""
        place, line = self.places.get(key, (key, 0))
        return Problem(file=self.file, key=place, reason=reason, remedy=remedy, line=line)


def load(path: Path) -> Configuration:
    """The configuration file. Raises ConfigurationError with every problem in it."""
    document = read(path)
    checker = Checker(document)
    if checker.problems:
        raise ConfigurationError(checker.problems)
    return Configuration(
        services=checker.services,
        channel_names=checker.channel_names,
        time_zone=checker.time_zone,
        file=str(path),
        places={key: (spell(place), document.line(place)) for key, place in checker.places.items()},
    )


def read_all(path: Path | None = None) -> tuple[Environment, Configuration]:
    """Environment and configuration file (GREENLIGHT_CONFIG's, unless a path is given).

    Raises ConfigurationError with every problem in both.
    """
    problems: list[Problem] = []
    environment, configuration = None, None
    try:
        environment = read_environment()
    except ConfigurationError as error:
        problems.extend(error.problems)
    try:
        configuration = load(path or Files().configuration)
    except ConfigurationError as error:
        problems.extend(error.problems)
    if environment is None or configuration is None:
        raise ConfigurationError(tuple(problems))
    return environment, configuration
