"""What `/api` answers: where a conversation stands, and what was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field

from bot.core.dialogue import Dialogue, Step
from bot.core.dialogues import DIALOGUES
from bot.core.events import Conversation, Event
from bot.core.policy import Service
from bot.core.release_rules import Release
from bot.core.reminders import awaited_roles
from bot.core.roles import Role
from bot.http.api.table import collection
from bot.store.interface import Record


class OpenStep(BaseModel):
    """A step that is possible now. `href` is there where a pipeline may take it: POST its form to it."""

    name: str
    label: str
    by: list[str]
    href: str | None = None


class Thread(BaseModel):
    """The Slack thread, once it was opened."""

    channel: str
    ts: str


class Links(BaseModel):
    """Addresses that belong to it."""

    self: str
    release_notes: str | None = None
    monitoring: dict[str, str] = Field(default_factory=dict)


class Status(BaseModel):
    """Where a conversation stands now."""

    conversation: str
    service: str
    environment: str
    version: str
    state: str
    words: str = Field(description="The state in words, such as “waiting for sign-offs”.")
    since: datetime
    is_open: bool = Field(description="False once it is over: nothing more will follow.")
    commit: str | None = Field(default=None, description="What was approved, or is to be.")
    missing_sign_offs: list[str]
    awaited: list[str] = Field(description="The roles that are asked for something now.")
    open_steps: list[OpenStep]
    planned_at: datetime | None = Field(default=None, description="The agreed time of the deployment.")
    start_from: datetime | None = Field(default=None, description="From when `start` is not too early.")
    planned_end: datetime | None = None
    watch_until: datetime | None = None
    links: Links
    thread: Thread | None = None


class Recorded(BaseModel):
    """A step as it was recorded. The same request, with the same Idempotency-Key, is answered the same."""

    conversation: str
    service: str
    environment: str
    version: str
    step: str
    event: int = Field(description="Its number in the conversation, from 1.")
    state: str = Field(description="The state after it.")
    at: datetime
    by: str
    links: Links


def address(service: str, dialogue: Dialogue[Any], version: str) -> str:
    """Where a conversation is found."""
    return f"/api/services/{service}/{collection(dialogue)}/{version}"


def status_of(record: Record, conversation: Any, policy: Service) -> Status:
    """The status of a stored conversation."""
    dialogue = DIALOGUES[record.dialogue]
    release = conversation if isinstance(conversation, Release) else None
    planned = release.planned_at if release else None
    here, place = address(record.service, dialogue, record.version), _named(record.environment, policy)
    return Status(
        conversation=record.id,
        service=record.service,
        environment=record.environment,
        version=record.version,
        state=record.state,
        words=dialogue.state(record.state).words,
        since=record.since,
        is_open=record.is_open,
        commit=release.approval.commit if release else None,
        missing_sign_offs=[role.value for role in release.missing] if release else [],
        awaited=[role.value for role in awaited_roles(dialogue, conversation)],
        open_steps=[_open(step, dialogue, conversation, here, place) for step in dialogue.open_steps(record.state)],
        planned_at=planned,
        start_from=planned - timedelta(minutes=policy.early_start) if planned else None,
        planned_end=release.planned_end if release else None,
        watch_until=release.watch_until if release else None,
        links=_links(here + place, release, policy),
        thread=Thread(channel=record.root_channel, ts=record.root_ts)
        if record.root_channel and record.root_ts
        else None,
    )


def recorded(event: Event, conversation: Conversation, policy: Service) -> Recorded:
    """The answer to a step, from its event alone, so that it stays the same whatever happens later."""
    it = conversation
    here = address(it.service, DIALOGUES[it.dialogue], it.version) + _named(it.environment, policy)
    return Recorded(
        conversation=it.id,
        service=it.service,
        environment=it.environment,
        version=it.version,
        step=event.step,
        event=event.number,
        state=event.state,
        at=event.at,
        by=event.name,
        links=_links(here, None, policy),
    )


def _named(environment: str, policy: Service) -> str:
    """What names the environment behind an address, where there are several."""
    return f"?environment={environment}" if len(policy.environments) > 1 else ""


def _open(step: Step, dialogue: Dialogue[Any], conversation: Any, here: str, place: str) -> OpenStep:
    by = dialogue.allowed(step, conversation)
    href = f"{here}/steps/{step.name}{place}" if Role.CI in by else None
    return OpenStep(name=step.name, label=step.label, by=[role.value for role in by], href=href)


def _links(here: str, release: Release | None, policy: Service) -> Links:
    notes = release.approval.release_notes if release else None
    monitoring: Mapping[str, str] = {link.name: str(link.url) for link in policy.monitoring}
    return Links(self=here, release_notes=str(notes) if notes else None, monitoring=dict(monitoring))
