"""The only reader of the environment (tokens, where to listen) and of the configuration file (the team's rules).

Everything wrong is told at once, as ConfigurationError. No message shows the value of a variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_core.core_schema import ValidationInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.core.policy import Service
from bot.errors import ConfigurationError, Problem


class Transport(StrEnum):
    """How Slack reaches the bot: it calls a public address, or the bot opens a WebSocket."""

    HTTP = "http"
    SOCKET = "socket"


class Environment(BaseModel):
    """The deployment's facts. The playground and tests construct it by field name; `read_environment` reads it.

    `host` is 127.0.0.1 unless told otherwise, so that nothing is exposed by accident; the Procfile tells
    `greenlight serve --host 0.0.0.0`, because a platform's router comes from outside.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True, hide_input_in_errors=True)

    bot_token: SecretStr = Field(validation_alias="SLACK_BOT_TOKEN")
    signing_secret: SecretStr | None = Field(default=None, validation_alias="SLACK_SIGNING_SECRET")
    app_token: SecretStr | None = Field(default=None, validation_alias="SLACK_APP_TOKEN")
    wanted_transport: Literal["auto", "http", "socket"] = Field(
        default="auto", validation_alias="GREENLIGHT_TRANSPORT", validate_default=True
    )
    configuration: Path = Field(default=Path("greenlight.yml"), validation_alias="GREENLIGHT_CONFIG")
    database: Path = Field(default=Path("greenlight.db"), validation_alias="GREENLIGHT_DATABASE")
    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    host: str = Field(default="127.0.0.1", validation_alias="HOST")
    port: int = Field(default=3000, ge=0, le=65535, validation_alias="PORT")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", validation_alias="LOG_LEVEL")
    slack_api_url: str = Field(default="https://slack.com/api/", validation_alias="SLACK_API_URL")

    @property
    def transport(self) -> Transport:
        """As wanted; else HTTP where there is a signing secret, and Socket Mode where there is only an app token."""
        if self.wanted_transport == "auto":
            return Transport.HTTP if self.signing_secret else Transport.SOCKET
        return Transport(self.wanted_transport)


def read_environment() -> Environment:
    """The process's environment. Raises ConfigurationError with every problem in it."""
    raise NotImplementedError


@dataclass(frozen=True)
class Configuration:
    """The configuration file, checked and with its defaults applied.

    `services` by name, in the file's order; `channel_names` the names that the file gives to channel ids;
    `time_zone` the team's; `lines` where each key stands, for messages.
    """

    services: Mapping[str, Service]
    channel_names: Mapping[str, str] = field(default_factory=dict)
    time_zone: str = "UTC"
    file: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)

    def service_in(self, channel_id: str) -> tuple[Service, ...]:
        """The services whose commands belong in a channel, in the file's order."""
        return tuple(service for service in self.services.values() if channel_id in service.channels)


def load(path: Path) -> Configuration:
    """The configuration file. Raises ConfigurationError with every problem in it."""
    raise NotImplementedError
