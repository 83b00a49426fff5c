"""What a service's deployments and rollbacks are started with: one entry of its configuration."""

from __future__ import annotations

from string import Formatter
from typing import Annotated, Literal, Self
from urllib.parse import quote

from pydantic import AfterValidator, Field, HttpUrl, StringConstraints, model_validator

from bot.core.addresses import NoPassword
from bot.core.events import Fact
from bot.core.tickets import Repository

OrderKind = Literal["deploy", "promote", "rollback"]
KINDS: tuple[OrderKind, ...] = ("deploy", "promote", "rollback")

WORDS = ("version", "commit", "service", "environment", "action", "percentage", "key")
"""What a template may ask for, in braces."""

ENVIRONMENT = "{environment}"

WORKFLOW_PATTERN = r"^[A-Za-z0-9._-]{1,100}\.ya?ml$"
INPUT_PATTERN = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$"


def _known_words(template: str) -> str:
    try:
        asked = [word for _, word, _, _ in Formatter().parse(template) if word is not None]
    except ValueError:
        asked = [template]
    if wrong := [word for word in asked if word not in WORDS]:
        raise ValueError(f"asks for “{wrong[0]}”; it may ask for {', '.join(f'{{{word}}}' for word in WORDS)}")
    return template


Template = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_known_words)
]
Workflow = Annotated[str, StringConstraints(pattern=WORKFLOW_PATTERN)]
InputName = Annotated[str, StringConstraints(pattern=INPUT_PATTERN)]

INPUTS: dict[str, str] = {
    "action": "{action}",
    "version": "{version}",
    "environment": "{environment}",
    "commit": "{commit}",
    "percentage": "{percentage}",
    "greenlight_key": "{key}",
}


class _Rule(Fact):
    """`starts`: what it is asked for. `rollback` `automatic`: a P0 that the watch finds is rolled back without anybody
    beginning it, and `rollback_minutes` are then the time it is said to take. `reports`: its own word that it is done
    is taken for people's.
    """

    starts: tuple[OrderKind, ...] = Field(default=KINDS, min_length=1)
    rollback: Literal["people", "automatic"] = "people"
    rollback_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 5
    reports: bool = False

    @model_validator(mode="after")
    def _can_roll_back(self) -> Self:
        if self.rollback == "automatic" and "rollback" not in self.starts:
            raise ValueError("can't roll back automatically what it does not start; add rollback to “starts”")
        return self

    @property
    def title(self) -> str:
        """What it is."""
        return "the deployment webhook"

    @property
    def page(self) -> str:
        """Where people see it; empty where there is no such page."""
        return ""

    @property
    def site(self) -> str:
        """Who answers there. Services whose deployers are at one site share its patience."""
        return f"{self.title} {getattr(self, 'url', '')}"

    def does(self, kind: OrderKind) -> bool:
        """Whether it is asked for orders of a kind."""
        return kind in self.starts

    @property
    def names_environment(self) -> bool:
        """Whether an order says which environment it is for. One that does not is the service's first environment's."""
        return True


class WorkflowRule(_Rule):
    """A workflow of GitHub Actions with `workflow_dispatch`. `url` is the API's, for GitHub Enterprise Server."""

    kind: Literal["github_actions"]
    repository: Repository
    workflow: Workflow
    ref: Template = "main"
    inputs: dict[InputName, Template] = Field(default_factory=INPUTS.copy, max_length=25)
    url: Annotated[HttpUrl, NoPassword("the environment variable GITHUB_TOKEN")] = HttpUrl("https://api.github.com")

    @property
    def title(self) -> str:
        return "GitHub Actions"

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.title} ({self.workflow})"

    @property
    def names_environment(self) -> bool:
        return any(ENVIRONMENT in template for template in (self.ref, *self.inputs.values()))

    @property
    def page(self) -> str:
        """The workflow's page: of an API at github.com or an Enterprise Server, the site beside it."""
        site = str(self.url).rstrip("/").removesuffix("/api/v3").replace("://api.github.com", "://github.com")
        return f"{site}/{self.repository}/actions/workflows/{self.workflow}"


class ArgoRule(_Rule):
    """An application of an Argo CD server, synchronised to a revision."""

    kind: Literal["argocd"]
    url: Annotated[HttpUrl, NoPassword("the environment variable ARGOCD_TOKEN")]
    application: Template
    revision: Template = "{version}"

    @property
    def title(self) -> str:
        return "Argo CD"

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.title} ({self.application})"

    @property
    def names_environment(self) -> bool:
        return ENVIRONMENT in self.application

    @property
    def page(self) -> str:
        """The application's page, where its name is always the same."""
        if "{" in self.application:
            return ""
        return f"{str(self.url).rstrip('/')}/applications/{quote(self.application, safe='')}"

    def does(self, kind: OrderKind) -> bool:
        """Never a canary's share: that is its rollout's own matter."""
        return kind != "promote" and super().does(kind)


class WebhookRule(_Rule):
    """An address of the team's own that takes signed orders. It can't be asked how they go."""

    kind: Literal["webhook"]
    url: Annotated[HttpUrl, NoPassword("the environment variable DEPLOY_WEBHOOK_SECRET, which signs each order")]

    @property
    def name(self) -> str:
        """What people call it."""
        return self.title


DeployerRule = Annotated[WorkflowRule | ArgoRule | WebhookRule, Field(discriminator="kind")]
