"""Tickets that a team's issue tracker keeps for conversations: what is in one, and which steps open and close it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, HttpUrl, StringConstraints

from bot.core.addresses import NoPassword
from bot.core.events import Conversation, Errand, Event, Fact

if TYPE_CHECKING:
    from bot.core.policy import Service

OPEN_TICKET = "open_ticket"
CLOSE_TICKET = "close_ticket"
KINDS = (OPEN_TICKET, CLOSE_TICKET)

PROJECT_PATTERN = r"^[A-Z][A-Z0-9_]{0,254}$"
REPOSITORY_PATTERN = r"^[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}$"
LABEL_PATTERN = r"^\S{1,255}$"

ProjectKey = Annotated[str, StringConstraints(pattern=PROJECT_PATTERN)]
Repository = Annotated[str, StringConstraints(pattern=REPOSITORY_PATTERN)]
JiraLabel = Annotated[str, StringConstraints(pattern=LABEL_PATTERN)]
GitHubLabel = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
IssueType = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


class JiraRule(Fact):
    """Tickets are issues of a Jira project."""

    kind: Literal["jira"]
    url: Annotated[HttpUrl, NoPassword("the environment variables JIRA_EMAIL and JIRA_TOKEN")]
    project: ProjectKey
    issue_type: IssueType = "Task"
    labels: tuple[JiraLabel, ...] = ()


class GitHubRule(Fact):
    """Tickets are issues of a GitHub repository. `url` is the API's, for GitHub Enterprise Server."""

    kind: Literal["github"]
    repository: Repository
    labels: tuple[GitHubLabel, ...] = ()
    url: Annotated[HttpUrl, NoPassword("the environment variable GITHUB_TOKEN")] = HttpUrl("https://api.github.com")


TrackerRule = Annotated[JiraRule | GitHubRule, Field(discriminator="kind")]


@dataclass(frozen=True)
class Part:
    """A piece of a ticket: a heading with a text, or with entries. All of it is outside text, as it came."""

    heading: str
    text: str = ""
    entries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ticket:
    """A ticket that is to be opened. `marker` names it for ever: letters, digits and hyphens, by which it is found
    again; `since` is a moment before which it can't have been opened.
    """

    marker: str
    title: str
    parts: tuple[Part, ...]
    since: datetime


@dataclass(frozen=True)
class OpenedTicket:
    """A ticket in its tracker: the key people call it by, and its page."""

    key: str
    url: str


@dataclass(frozen=True)
class Closing:
    """What a ticket's end is told with. `sentence` is our own and is said of this ticket once; `text` may hold outside
    text. `done` says that its work was done, and not given up.
    """

    sentence: str
    text: str = ""
    done: bool = True


def title_of(rule: TrackerRule) -> str:
    """What people call a rule's tracker."""
    return "Jira" if isinstance(rule, JiraRule) else "GitHub Issues"


def said(closing: Closing) -> tuple[Part, ...]:
    """The comment that tells of a ticket's end."""
    return tuple(Part("", text) for text in (closing.sentence, closing.text) if text)


def marker_of(conversation: Conversation) -> str:
    """The marker of a conversation's ticket."""
    return f"greenlight-{conversation.id}"


def tracked(conversation: Conversation, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands` of an opening step: a ticket is opened where the service has a tracker."""
    return (_errand(OPEN_TICKET, conversation, event),) if policy.tracker else ()


def untracked(conversation: Conversation, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands` of a step that ends a conversation: its ticket is closed."""
    return (_errand(CLOSE_TICKET, conversation, event),) if policy.tracker else ()


def _errand(kind: str, conversation: Conversation, event: Event) -> Errand:
    it = conversation.id
    return Errand(f"{it}:{event.number}:{kind}", kind, it, line=f"ticket:{it}", payload={"event": event.number})
