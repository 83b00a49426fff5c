"""GitHub's webhooks (docs.github.com, "Webhook events and payloads"): `deployment`, `deployment_status`, `release` and
`workflow_run`. Others are heard and left alone.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from urllib.parse import parse_qs

from pydantic import AwareDatetime, StringConstraints

from bot.arrivals import Arrival, Arrivals
from bot.core.outside_text import one_line, plain_text
from bot.core.policy import GitHubHook
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
    is_same,
    parsed,
)

logger = logging.getLogger(__name__)

SOURCE = "GitHub"
STATES = {
    "in_progress": Phase.STARTED,
    "success": Phase.SUCCEEDED,
    "failure": Phase.FAILED,
    "error": Phase.FAILED,
}
"""Of a deployment_status. The others (queued, pending, waiting, inactive) tell of nothing that happened."""

CONCLUSIONS = {
    "success": Phase.SUCCEEDED,
    "failure": Phase.FAILED,
    "timed_out": Phase.FAILED,
    "cancelled": Phase.FAILED,
}
"""Of a workflow_run that is completed."""


CommitHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{6,64}$")]


class User(Part):
    login: str


class Repository(Part):
    full_name: str
    html_url: str = ""


class Deployment(Part):
    id: int
    sha: CommitHash
    ref: str
    environment: str
    description: str | None = None
    created_at: AwareDatetime
    creator: User | None = None


class Carrier(Part):
    """The run that made a deployment, where one did."""

    html_url: str = ""
    display_title: str | None = None


class DeploymentEvent(Part):
    """`deployment`."""

    workflow_run: Carrier | None = None
    deployment: Deployment
    repository: Repository


class Status(Part):
    id: int
    state: str
    description: str | None = None
    environment: str | None = None
    target_url: str | None = None
    log_url: str | None = None
    environment_url: str | None = None
    created_at: AwareDatetime


class StatusEvent(DeploymentEvent):
    """`deployment_status`."""

    deployment_status: Status


class Run(Part):
    id: int
    run_attempt: int = 1
    path: str | None = None
    status: str | None = None
    conclusion: str | None = None
    head_sha: CommitHash
    head_branch: str | None = None
    html_url: str
    display_title: str | None = None
    created_at: AwareDatetime
    run_started_at: AwareDatetime | None = None
    updated_at: AwareDatetime
    actor: User | None = None


class Workflow(Part):
    path: str = ""


class RunEvent(Part):
    """`workflow_run`."""

    action: str
    workflow_run: Run
    workflow: Workflow | None = None
    repository: Repository


class Release(Part):
    id: int
    tag_name: str
    html_url: str


class ReleaseEvent(Part):
    """`release`."""

    action: str
    release: Release
    repository: Repository


class Repositories(Part):
    """Whatever else there is: whose it is."""

    repository: Repository | None = None


class GitHub:
    """GitHub's way in."""

    name = "github"

    def __init__(self, arrivals: Arrivals, secrets: Secrets) -> None:
        self._arrivals = arrivals
        self._secrets = secrets

    def is_theirs(self, headers: Headers, body: bytes, now: datetime) -> bool:
        """X-Hub-Signature-256 (docs.github.com, "Validating webhook deliveries")."""
        del now
        given = headers.get(b"x-hub-signature-256", b"")

        def signs(secret: bytes) -> bool:
            return is_same(given, f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}".encode())

        return is_one_of(self._secrets, signs, self.name)

    async def take(self, headers: Headers, body: bytes) -> Made:
        content = _content(headers, body)
        match headers.get(b"x-github-event", b""):
            case b"deployment":
                return await self._deployment(parsed(DeploymentEvent, content))
            case b"deployment_status":
                return await self._status(parsed(StatusEvent, content))
            case b"workflow_run":
                return await self._run(parsed(RunEvent, content))
            case b"release":
                return await self._release(parsed(ReleaseEvent, content))
            case _:
                parsed(Repositories, content)
                return ()

    async def _deployment(self, event: DeploymentEvent) -> Made:
        it = event.deployment
        told = _sighting(event, Phase.CREATED, it.created_at, _pages(event.repository))
        return await self._arrive(event.repository, it.environment, told, f"deployment:{it.id}")

    async def _status(self, event: StatusEvent) -> Made:
        it, deployment = event.deployment_status, event.deployment
        self._rules(event.repository)
        if (phase := STATES.get(it.state)) is None:
            return ()
        link = address(it.log_url) or address(it.target_url) or _pages(event.repository)
        told = _sighting(event, phase, it.created_at, link).but(
            began_at=deployment.created_at,
            said=plain_text(it.description),
            links=tuple(f"Environment: {link}" for link in (address(it.environment_url),) if link),
        )
        return await self._arrive(event.repository, it.environment or deployment.environment, told, f"status:{it.id}")

    async def _run(self, event: RunEvent) -> Made:
        run, made = event.workflow_run, []
        path = (run.path or (event.workflow.path if event.workflow else "")).partition("@")[0]
        for service, rule in self._rules(event.repository):
            environment = rule.workflows.get(path.rpartition("/")[2])
            told = _run_sighting(run)
            if environment is None or told is None:
                continue
            key = f"run:{run.id}:{run.run_attempt}:{told.phase}"
            made.append(asdict(await self._arrivals.take(Arrival(service, environment, told, f"{self.name}:{key}"))))
        return tuple(made)

    async def _release(self, event: ReleaseEvent) -> Made:
        it, made = event.release, []
        for service, _ in self._rules(event.repository):
            if event.action != "published":
                continue
            text = f"GitHub release {one_line(it.tag_name)} was published: {address(it.html_url)}".rstrip(": ")
            key = f"{self.name}:release:{it.id}"
            made.append(asdict(await self._arrivals.note(service, it.tag_name, text, SOURCE, key)))
        return tuple(made)

    async def _arrive(self, repository: Repository, environment: str, told: Sighting, key: str) -> Made:
        made = []
        for service, rule in self._rules(repository):
            known = self._arrivals.policies[service].environments
            if ours := _ours(rule, environment, known):
                arrival = Arrival(service, ours, told, f"{self.name}:{key}")
                made.append(asdict(await self._arrivals.take(arrival)))
            else:
                made.append(_left_alone(service, rule, one_line(environment), known))
        return tuple(made)

    def _rules(self, repository: Repository) -> list[tuple[str, GitHubHook]]:
        """The services that are deployed from a repository. UnknownError where there is none."""
        wanted = repository.full_name.casefold()
        found = [
            (name, policy.hooks.github)
            for name, policy in self._arrivals.policies.items()
            if policy.hooks.github and policy.hooks.github.repository.casefold() == wanted
        ]
        if not found:
            told = one_line(repository.full_name)
            raise UnknownError(f"No service is deployed from {told}; “hooks: github: repository” in the file names it.")
        return found


def _ours(rule: GitHubHook, environment: str, known: tuple[str, ...]) -> str | None:
    """Our name of GitHub's environment; None where it is none of the service's."""
    if rule.environments:
        return {name.casefold(): ours for name, ours in rule.environments.items()}.get(environment.casefold())
    return environment.casefold() if environment.casefold() in known else None


def _left_alone(service: str, rule: GitHubHook, environment: str, known: tuple[str, ...]) -> dict[str, object]:
    """What is said of an environment that is none of the service's: a preview, or one whose name is written otherwise.

    Whoever sets the hook up reads it in GitHub's "Recent Deliveries".
    """
    names = ", ".join(rule.environments or known)
    why = f"{service} has no environment “{environment}” on GitHub; it has: {names}. Others are left alone."
    logger.info("%s", why, extra={"action": "environment_unknown", "service": service})
    return {"service": service, "environment": environment, "outcome": "left alone", "reason": why}


def _content(headers: Headers, body: bytes) -> bytes:
    """The payload: GitHub sends it as JSON, or as the field of a form, as the hook is set up."""
    if not headers.get(b"content-type", b"").lower().startswith(b"application/x-www-form-urlencoded"):
        return body
    try:
        payload = parse_qs(body.decode()).get("payload", [""])[0]
    except ValueError as error:
        raise UnreadableError("The body is no form.", {"body": "must be UTF-8"}) from error
    return payload.encode()


def _sighting(event: DeploymentEvent, phase: Phase, at: datetime, link: str) -> Sighting:
    it, run = event.deployment, event.workflow_run or Carrier()
    return Sighting(
        source=SOURCE,
        deployment=str(it.id),
        phase=phase,
        at=at,
        commit=it.sha,
        names=tuple(_names(it.ref, it.sha)),
        by=one_line(it.creator.login if it.creator else ""),
        link=link,
        title=one_line(run.display_title),
        run=address(run.html_url),
        said=plain_text(it.description),
    )


def _run_sighting(run: Run) -> Sighting | None:
    """What a run tells of its deployment; None of one that waits, or was skipped."""
    ended = run.status == "completed"
    phase = CONCLUSIONS.get(run.conclusion or "") if ended else Phase.STARTED if run.status == "in_progress" else None
    began = run.run_started_at or run.created_at
    if phase is None:
        return None
    return Sighting(
        source=SOURCE,
        deployment=f"run {run.id}",
        phase=phase,
        at=run.updated_at if ended else began,
        began_at=began,
        commit=run.head_sha,
        names=tuple(_names(run.head_branch or "", run.head_sha)),
        by=one_line(run.actor.login if run.actor else ""),
        link=address(run.html_url),
        title=one_line(run.display_title),
        run=address(run.html_url),
        said=f"The run ended: {run.conclusion}." if phase is Phase.FAILED else "",
    )


def _names(ref: str, sha: str) -> Iterator[str]:
    """What a ref may say of a version: a tag or a branch, without the part that every one has."""
    name = ref.removeprefix("refs/tags/").removeprefix("refs/heads/")
    if name and name != sha:
        yield one_line(name)


def _pages(repository: Repository) -> str:
    """Where GitHub shows a repository's deployments."""
    return address(f"{repository.html_url}/deployments") or f"https://github.com/{one_line(repository.full_name)}"
