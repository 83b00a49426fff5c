"""Tickets as issues of a GitHub repository (docs.github.com, "REST API endpoints for issues" and "… for issue
comments"). The marker stands in the text, as a comment that is not shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import Any

import httpx
from pydantic import SecretStr

from bot.core.tickets import Closing, GitHubRule, OpenedTicket, Ticket, said
from bot.outward import DeclinedError, UnclearError, call, github_headers, read_json
from bot.trackers.markdown import markdown

MOST_TITLE = 256
MOST_TEXT = 60_000
"""Characters; GitHub takes 65,536."""

PAGE = 100
PAGES = 10
"""Of the newest issues, that are looked through for a marker."""


@dataclass(frozen=True)
class GitHubIssues:
    """The issues of a repository. Looking for one lists them: GitHub's search finds new ones too late."""

    client: httpx.AsyncClient
    token: SecretStr
    rule: GitHubRule
    title: str = "GitHub Issues"

    async def open(self, ticket: Ticket) -> OpenedTicket:
        told = {
            "title": ticket.title[:MOST_TITLE],
            "body": f"{markdown(ticket.parts)[:MOST_TEXT]}\n\n{_hidden(ticket.marker)}",
            "labels": list(self.rule.labels),
        }
        return self._opened(await self._call("POST", "issues", json=told))

    async def find(self, ticket: Ticket) -> OpenedTicket | None:
        since = ticket.since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for page in range(1, PAGES + 1):
            params = {"state": "all", "since": since, "per_page": str(PAGE), "page": str(page)}
            issues = _entries(await self._call("GET", "issues", params=params))
            for issue in issues:
                if _hidden(ticket.marker) in (issue.get("body") or "") and "pull_request" not in issue:
                    return self._opened(issue)
            if len(issues) < PAGE:
                return None
        return None

    async def close(self, ticket: OpenedTicket, closing: Closing, *, again: bool) -> None:
        place = f"issues/{self._number(ticket)}"
        marker = _hidden(closing.sentence)
        if not again or not await self._has_said(place, marker):
            await self._call("POST", f"{place}/comments", json={"body": f"{markdown(said(closing))}\n\n{marker}"})
        reason = "completed" if closing.done else "not_planned"
        await self._call("PATCH", place, json={"state": "closed", "state_reason": reason})

    async def check(self) -> tuple[str, str] | None:
        told = await self._call("GET", "")
        if isinstance(told, dict) and told.get("has_issues") is False:
            return f"{self.rule.repository} has no issues.", "Switch them on in the repository's settings."
        return None

    async def _has_said(self, place: str, marker: str) -> bool:
        for page in range(1, PAGES + 1):
            params = {"per_page": str(PAGE), "page": str(page)}
            comments = _entries(await self._call("GET", f"{place}/comments", params=params))
            if any(marker in (comment.get("body") or "") for comment in comments):
                return True
            if len(comments) < PAGE:
                return False
        return False

    def _opened(self, told: Any) -> OpenedTicket:
        match told:
            case {"number": int(number), "html_url": str(url)}:
                return OpenedTicket(f"#{number}", url)
        raise UnclearError(f"{self.title} did not say which ticket it opened.")

    def _number(self, ticket: OpenedTicket) -> int:
        """Its number; only of this repository: another's issue of the same number is none of ours."""
        head, _, number = ticket.url.rpartition("/issues/")
        if not number.isdigit() or not head.casefold().endswith(f"/{self.rule.repository.casefold()}"):
            raise DeclinedError(
                f"{ticket.key} is not an issue of {self.rule.repository}.",
                "The repository in the configuration has changed since; close the ticket by hand.",
            )
        return int(number)

    async def _call(self, method: str, what: str, *, json: object = None, params: dict[str, str] | None = None) -> Any:
        secret = self.token.get_secret_value()
        url = f"{str(self.rule.url).rstrip('/')}/repos/{self.rule.repository}/{what}".rstrip("/")
        request = self.client.build_request(method, url, json=json, params=params, headers=github_headers(secret))
        return read_json(await call(self.client, request, self.title, secrets=(secret,)), self.title)


def _entries(told: Any) -> list[dict[str, Any]]:
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def _hidden(marker: str) -> str:
    """What only a ticket of ours has: in outside text, the bracket is escaped."""
    return f"<!-- {marker} -->"
