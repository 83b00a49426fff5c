"""Addresses in the configuration hold no secrets: those come from the environment alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

HOLDS_USER = "address_holds_user"
"""The type of the error."""

_USER = re.compile(r"^\s*[a-zA-Z][a-zA-Z0-9+.-]*:[/\\]*[^/?#\\]*@")
"""What stands before the host (RFC 3986, section 3.2.1): a token is written there as a user's name alone, too."""


@dataclass(frozen=True)
class NoPassword:
    """As metadata of a field that holds an address: without “user:password@”. `instead` says where the secret goes,
    to finish "It comes from …"; by the rule's `kind`, where that decides; empty where nothing takes one.
    """

    instead: str | Mapping[str, str] = ""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Before the address is read: what can't be read is shown to people."""
        return core_schema.with_info_before_validator_function(self._without, handler(source))

    def _without(self, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str) or not _USER.match(value):
            return value
        kind = (info.data or {}).get("kind", "")
        instead = self.instead if isinstance(self.instead, str) else self.instead.get(kind, "")
        raise PydanticCustomError(HOLDS_USER, "holds a user or a password", {"instead": instead})


def without_user(instead: str) -> str:
    """What is done about such an address. `instead` as in `NoPassword`."""
    where = f" It comes from {instead}." if instead else ""
    return f"Take out what stands between “//” and “@”.{where}"


def web_address(address: str) -> str:
    """The address of a service as a variable of the environment gives it. ValueError: the reason, “|”, the remedy;
    nothing of the address is in them.
    """
    try:
        parts = urlsplit(address)
        is_good = parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        is_good = False
    if not is_good:
        raise ValueError("This is not a web address.|Start it with https:// and a host's name, or leave it unset.")
    return address


def host_name(host: str) -> str:
    """A host alone. ValueError as with `web_address`: a port, a user or a password would be taken for a part of it."""
    if any(sign in host for sign in "@/ ") or host.count(":") == 1:
        raise ValueError("This is not a host's name.|Set it to the name alone, such as mail.example.com.")
    return host
