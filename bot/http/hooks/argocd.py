"""Argo CD's notifications (argo-cd.readthedocs.io, "Notifications", "Webhook"): the application as it is, sent by the
template in README when it changes. Argo CD can't sign; it shows a bearer token.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

from pydantic import AwareDatetime, Field

from bot.arrivals import Arrival, Arrivals
from bot.core.outside_text import one_line, plain_text
from bot.core.sightings import Phase, Sighting
from bot.http.hooks.interface import (
    Headers,
    Made,
    Part,
    Secrets,
    UnknownError,
    UnreadableError,
    address,
    is_one_of,
    parsed,
    shows,
)

SOURCE = "Argo CD"

WORKLOADS = frozenset(("Deployment", "StatefulSet", "DaemonSet", "Rollout"))
MOST_NAMES, MOST_COMPONENTS = 10, 15


class Metadata(Part):
    name: str


class HealthStatus(Part):
    status: str = "Unknown"
    since: AwareDatetime | None = Field(default=None, validation_alias="lastTransitionTime")


class Resource(Part):
    kind: str = ""
    name: str = ""
    health: HealthStatus | None = None


class SyncResult(Part):
    revision: str = ""


class Initiator(Part):
    username: str = ""
    automated: bool = False


class Operation(Part):
    initiated_by: Initiator = Field(default=Initiator(), validation_alias="initiatedBy")


class OperationState(Part):
    """The last sync of an application."""

    phase: str
    started_at: AwareDatetime = Field(validation_alias="startedAt")
    finished_at: AwareDatetime | None = Field(default=None, validation_alias="finishedAt")
    message: str = ""
    sync_result: SyncResult = Field(default=SyncResult(), validation_alias="syncResult")
    operation: Operation = Operation()


class Summary(Part):
    images: tuple[str, ...] = ()


class State(Part):
    """`status` of an application."""

    operation: OperationState = Field(validation_alias="operationState")
    health: HealthStatus = HealthStatus()
    summary: Summary = Summary()
    resources: tuple[Resource, ...] = ()


class Application(Part):
    metadata: Metadata
    status: State


class Notification(Part):
    """What the template sends."""

    application: Application
    url: str


class ArgoCD:
    """Argo CD's way in."""

    name = "argocd"

    def __init__(self, arrivals: Arrivals, secrets: Secrets) -> None:
        self._arrivals = arrivals
        self._secrets = secrets

    def is_theirs(self, headers: Headers, body: bytes, now: datetime) -> bool:
        """Its bearer token, as a header of the notification service."""
        del body, now
        return is_one_of(self._secrets, lambda secret: shows(headers, secret), self.name)

    async def take(self, headers: Headers, body: bytes) -> Made:
        del headers
        told = parsed(Notification, body)
        name = told.application.metadata.name
        services = [
            (service, environment)
            for service, policy in self._arrivals.policies.items()
            for application, environment in policy.hooks.argocd.items()
            if application == name
        ]
        if not services:
            raise UnknownError(
                f"No service has the application {one_line(name)}; “hooks: argocd” in the file names it."
            )
        if (sighting := _sighting(told)) is None:
            return ()
        key = f"{self.name}:{sighting.deployment}:{sighting.phase}"
        return tuple(
            [asdict(await self._arrivals.take(Arrival(service, where, sighting, key))) for service, where in services]
        )


def _sighting(told: Notification) -> Sighting | None:
    """What a notification tells; None where the sync is over and the application not settled yet."""
    state, operation = told.application.status, told.application.status.operation
    if not (url := address(told.url)):
        raise UnreadableError("The body is not as README's template sends it.", {"url": "must be a web address"})
    if (phase := _phase(operation.phase, state.health.status)) is None:
        return None
    name = one_line(told.application.metadata.name, 60)
    revision = one_line(operation.sync_result.revision, 64)
    by = operation.operation.initiated_by
    words = (operation.message, f"Revision {revision}." if revision else "", f"Its health is {state.health.status}.")
    return Sighting(
        source=SOURCE,
        deployment=f"{name} {operation.started_at.isoformat()}",
        phase=phase,
        at=_moment(phase, operation, state.health),
        began_at=operation.started_at,
        # The revision is of the repository that says what runs, which need not be the service's own.
        names=tuple(dict.fromkeys((*_tags(state.summary.images), *([revision] if revision else []))))[:MOST_NAMES],
        by=one_line(by.username or ("automated sync" if by.automated else "")),
        link=url,
        said=plain_text("\n".join(filter(None, words))),
        components=tuple(_components(state.resources))[:MOST_COMPONENTS],
        health=(f"{name}: {one_line(state.health.status, 40)}",),
    )


def _moment(phase: Phase, operation: OperationState, health: HealthStatus) -> datetime:
    """When it was so: a sync that was done well fails when its application degrades."""
    ended = operation.finished_at or operation.started_at
    if phase is Phase.FAILED and operation.phase == "Succeeded":
        return max(ended, health.since or ended)
    return operation.started_at if phase is Phase.STARTED else ended


def _phase(operation: str, health: str) -> Phase | None:
    """A sync that is done has deployed once the application is healthy, and failed where that makes it degraded."""
    match operation, health:
        case "Running", _:
            return Phase.STARTED
        case (("Failed" | "Error"), _):
            return Phase.FAILED
        case "Succeeded", "Healthy":
            return Phase.SUCCEEDED
        case "Succeeded", "Degraded":
            return Phase.FAILED
        case _:
            return None


def _tags(images: tuple[str, ...]) -> Iterator[str]:
    """The tags of images, such as v1.2.0 of registry.example.com:5000/shop:v1.2.0@sha256:…"""
    for image in images:
        _, colon, tag = image.partition("@")[0].rpartition("/")[2].partition(":")
        if colon and tag:
            yield one_line(tag)


def _components(resources: tuple[Resource, ...]) -> Iterator[str]:
    for resource in resources:
        if resource.kind in WORKLOADS and resource.health:
            yield f"{one_line(resource.name, 80)}: {one_line(resource.health.status, 40)}"
