"""Tickets as issues of a Jira project (developer.atlassian.com, "The Jira Cloud platform REST API", version 3, and
"Jira Data Center REST API", version 2). The marker is one of the issue's labels, by which it is found again.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from bot.core.tickets import Closing, JiraRule, OpenedTicket, Part, Ticket, said
from bot.outward import DeclinedError, UnclearError, call, read_json
from bot.trackers.document import document
from bot.trackers.wiki import wiki

MOST_TITLE = 255
MOST_TEXT = 30_000
"""Characters; Jira takes 32,767."""

_FIELDS = (
    "Check project, issue_type and labels in the configuration. The project has to let labels be set, and may require "
    "no further fields."
)

MOST_COMMENTS = "100"


@dataclass(frozen=True)
class Jira:
    """The issues of a project. With an `email`, Jira Cloud (and an API token); without, Data Center (and a personal
    access token).
    """

    client: httpx.AsyncClient
    token: SecretStr
    rule: JiraRule
    email: str = ""
    title: str = "Jira"

    @property
    def in_cloud(self) -> bool:
        return bool(self.email)

    async def open(self, ticket: Ticket) -> OpenedTicket:
        fields = {
            "project": {"key": self.rule.project},
            "issuetype": {"name": self.rule.issue_type},
            "summary": " ".join(ticket.title.split())[:MOST_TITLE],
            "description": self._text(ticket.parts),
            "labels": [*self.rule.labels, ticket.marker],
        }
        return self._opened(await self._call("POST", "issue", body={"fields": fields}))

    async def find(self, ticket: Ticket) -> OpenedTicket | None:
        query = f'project = "{self.rule.project}" AND labels = "{ticket.marker}" ORDER BY created ASC'
        # Cloud has no other search any more, and Data Center has not got this one.
        place = "search/jql" if self.in_cloud else "search"
        told = await self._call("GET", place, params={"jql": query, "fields": "summary", "maxResults": "1"})
        issues = told.get("issues") if isinstance(told, dict) else None
        return self._opened(issues[0]) if issues else None

    async def close(self, ticket: OpenedTicket, closing: Closing, *, again: bool) -> None:
        place = f"issue/{quote(ticket.key, safe='')}"
        if not again or not await self._has_said(place, closing.sentence):
            text = self._text(said(closing))
            await self._call("POST", f"{place}/comment", body={"body": text})
        if transition := await self._way_to_done(place):
            await self._call("POST", f"{place}/transitions", body={"transition": {"id": transition}})

    async def check(self) -> tuple[str, str] | None:
        told = await self._call("GET", f"project/{quote(self.rule.project, safe='')}")
        types = [one.get("name", "") for one in told.get("issueTypes") or ()] if isinstance(told, dict) else []
        if types and self.rule.issue_type not in types:
            reason = f"{self.rule.project} has no issues of the type “{self.rule.issue_type}”."
            return reason, f"It has: {', '.join(types)}."
        return None

    async def _has_said(self, place: str, sentence: str) -> bool:
        params = {"orderBy": "-created", "maxResults": MOST_COMMENTS}
        told = await self._call("GET", f"{place}/comment", params=params)
        comments = told.get("comments", []) if isinstance(told, dict) else []
        return any(sentence in json.dumps(comment.get("body"), ensure_ascii=False) for comment in comments)

    async def _way_to_done(self, place: str) -> str:
        """The transition that ends the issue; empty where it is done, or the workflow has none from where it stands."""
        issue = await self._call("GET", place, params={"fields": "status"})
        if _is_done(issue.get("fields", {}).get("status")):
            return ""
        told = await self._call("GET", f"{place}/transitions")
        ways = [one for one in told.get("transitions", []) if _is_done(one.get("to"))]
        return str(ways[0]["id"]) if ways else ""

    def _text(self, parts: tuple[Part, ...]) -> Any:
        return document(parts) if self.in_cloud else wiki(parts)[:MOST_TEXT]

    def _opened(self, told: Any) -> OpenedTicket:
        match told:
            case {"key": str(key)}:
                return OpenedTicket(key, f"{self._base}/browse/{quote(key, safe='', errors='replace')}")
        raise UnclearError(f"{self.title} did not say which ticket it opened.")

    @property
    def _base(self) -> str:
        return str(self.rule.url).rstrip("/")

    async def _call(self, method: str, what: str, *, body: object = None, params: dict[str, str] | None = None) -> Any:
        secret = self.token.get_secret_value()
        url = f"{self._base}/rest/api/{'3' if self.in_cloud else '2'}/{what}"
        basic = b64encode(f"{self.email}:{secret}".encode()).decode()
        headers = {
            "Accept": "application/json",
            "Authorization": f"Basic {basic}" if self.in_cloud else f"Bearer {secret}",
        }
        request = self.client.build_request(method, url, json=body, params=params, headers=headers)
        try:
            answer = await call(self.client, request, self.title, secrets=(secret, basic))
        except DeclinedError as error:
            if error.remedy:
                raise
            raise DeclinedError(error.reason, _FIELDS) from error
        return read_json(answer, self.title)


def _is_done(status: Any) -> bool:
    """Whether a status is one of those that end an issue: the category is the same in every workflow and language."""
    category = status.get("statusCategory", {}) if isinstance(status, dict) else {}
    return bool(category.get("key") == "done")
