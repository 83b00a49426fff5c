"""What the checks of a playbook have in common, and the checks of live endpoints (QA Production, "Actions")."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from bot.core.addresses import NoPassword
from bot.core.events import Fact

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,39}$"
HEADER_PATTERN = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$"
VARIABLE_PATTERN = r"^[A-Z][A-Z0-9_]{0,99}$"
VALUE_PATTERN = r"^[\x20-\x7e]{0,1000}$"

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
HeaderName = Annotated[str, StringConstraints(pattern=HEADER_PATTERN)]
HeaderValue = Annotated[str, StringConstraints(pattern=VALUE_PATTERN)]
Variable = Annotated[str, StringConstraints(pattern=VARIABLE_PATTERN)]
"""The name of an environment variable that holds a secret: the secret itself never stands in the file."""

ADDRESS_PATTERN = r"^https?://[^\s/][^\s]{0,1990}$"
Address = Annotated[
    str,
    StringConstraints(pattern=ADDRESS_PATTERN),
    NoPassword("the environment variable that “basic_auth” or “secret_headers” names"),
]
"""An address, in which {version}, {commit} and {environment} stand for those of the release."""

JsonValue = str | int | float | bool | None
"""What a JSON document is expected to hold at a path."""

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
"""They change nothing (RFC 9110, section 9.2.1)."""

DEFAULT_RETRIES = 2


class CheckRule(Fact):
    """What every check has: what people call it, whether production counts as bad without it, and how often it is
    tried again, so many seconds later. `timeout` is in seconds, for one try.
    """

    title: Title | None = None
    required: bool = True
    retries: Annotated[int, Field(ge=0, le=10)] | None = None
    pause: Annotated[int, Field(ge=1, le=600)] = 5
    timeout: Annotated[int, Field(ge=1, le=30)] = 10

    @property
    def repeatable(self) -> bool:
        """Whether it may be done again without harm."""
        return True

    @property
    def tries(self) -> int:
        """How often it is tried in all."""
        if self.retries is not None:
            return 1 + self.retries
        return 1 + DEFAULT_RETRIES if self.repeatable else 1


class Headers(Fact):
    """How an address is asked. `secret_headers` maps headers to the variables that hold their values; `basic_auth`
    names the variable that holds “user:password”.
    """

    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict, max_length=20)
    secret_headers: dict[HeaderName, Variable] = Field(default_factory=dict, max_length=20)
    basic_auth: Variable | None = None

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that it needs."""
        return (*self.secret_headers.values(), *((self.basic_auth,) if self.basic_auth else ()))


class Request(CheckRule, Headers):
    """A check that asks one address."""


class HttpRule(Request):
    """A live endpoint answers as it should. Only methods that change nothing, unless it is marked as `synthetic`: its
    data are test data, and the service knows them by the playbook's header.

    {version}, {commit} and {environment} in address, `fields` and `contains` are filled in.
    `status` is the expected one; `fields` maps paths such as checks.database or items[0].id to values; `contains` is
    text in the answer; `within` is the most milliseconds that it may take.
    """

    kind: Literal["http"]
    url: Address
    method: Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    synthetic: bool = False
    body: str | None = Field(default=None, max_length=10_000)
    status: Annotated[int, Field(ge=100, le=599)] = 200
    fields: dict[Annotated[str, StringConstraints(min_length=1, max_length=200)], JsonValue] = Field(
        default_factory=dict, max_length=50
    )
    contains: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None
    within: Annotated[int, Field(ge=1, le=30_000)] | None = None

    @property
    def repeatable(self) -> bool:
        return self.method in SAFE_METHODS

    @model_validator(mode="after")
    def _harmless(self) -> Self:
        if self.method not in SAFE_METHODS and not self.synthetic:
            raise ValueError(
                f"changes something with {self.method} and is not marked as synthetic; use GET, HEAD or OPTIONS, or "
                "add “synthetic: true” where it sends test data alone"
            )
        if self.body is not None and self.method in SAFE_METHODS:
            raise ValueError(f"has a body, which {self.method} does not send")
        return self
