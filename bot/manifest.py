"""The Slack app's manifest: manifest.yml, and what is made of it for a transport."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bot.errors import ConfigurationError, Problem

PLACEHOLDER = "https://greenlight.example.com"
"""Stands in manifest.yml for the public address."""

_PLACES = (Path(__file__).resolve().parent.parent / "manifest.yml", Path("manifest.yml"))


def text() -> str:
    """manifest.yml, from beside the program or from the directory it is started in."""
    for place in _PLACES:
        if place.is_file():
            return place.read_text(encoding="utf-8")
    remedy = "Run greenlight in a checkout of its repository."
    raise ConfigurationError((Problem("manifest.yml", "", "There is no such file.", remedy),))


def _body() -> str:
    """Without the introduction, which explains what a rendered manifest has settled."""
    return text().partition("\n\n")[2]


def for_http(address: str) -> str:
    """The manifest as YAML, comments kept, for a bot that Slack calls at a public address (its origin)."""
    return _body().replace(PLACEHOLDER, address.rstrip("/"))


def for_socket_mode() -> str:
    """The manifest as YAML, comments kept, for a bot that opens a WebSocket: Slack then wants no addresses."""
    lines = (line for line in _body().splitlines() if PLACEHOLDER not in line)
    return "\n".join(lines).replace("socket_mode_enabled: false", "socket_mode_enabled: true") + "\n"


def read(manifest: str | None = None) -> dict[str, Any]:
    """A manifest as data; that of manifest.yml unless another is given."""
    data: dict[str, Any] = yaml.safe_load(manifest if manifest is not None else text())
    return data


def scopes() -> frozenset[str]:
    """The bot's scopes."""
    return frozenset(read()["oauth_config"]["scopes"]["bot"])
