"""Jira's and GitHub's APIs on loopback, as far as tickets need them: strict about what they are sent; with faults."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

TOKEN = "very-secret-token"
EMAIL = "greenlight@example.com"

Fault = Literal[
    "lost", "silence", "reset", "hang", "limit", "secondary", "trouble", "unauthorized", "forbidden", "page"
]
"""lost, silence: carried out, and the answer lost or never given; reset, hang: not carried out; the others are answers.
"""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FakeTracker:
    """What both have: an address, faults that the next requests meet, and what was asked.

    `faults` are met one after another by requests that change something, `reading_faults` by those that
    do not. `stuck` is set when somebody waits for an answer that does not come; `pause` are the seconds of a limit.
    """

    url: str = ""
    faults: list[Fault] = field(default_factory=list)
    reading_faults: list[Fault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    stuck: asyncio.Event = field(default_factory=asyncio.Event)
    pause: int = 20

    @web.middleware
    async def meet(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The request's fault, if it has one."""
        self.asked.append(f"{request.method} {request.path}")
        waiting = self.reading_faults if request.method == "GET" else self.faults
        fault = waiting.pop(0) if waiting else None
        if fault in ("lost", "silence"):
            await handler(request)
        if fault in ("hang", "silence"):
            self.stuck.set()
            await asyncio.Event().wait()
        if fault in ("lost", "reset"):
            assert request.transport is not None
            request.transport.abort()
            raise ConnectionResetError
        if fault is not None:
            return self.refusal(fault)
        if not self.knows(request):
            return self.refusal("unauthorized")
        return await handler(request)

    def routes(self) -> list[web.RouteDef]:
        raise NotImplementedError

    def knows(self, request: web.Request) -> bool:
        """Whether the request brings a token that is known."""
        return request.headers.get("Authorization", "").removeprefix("Bearer ") in self.tokens

    def refusal(self, fault: Fault) -> web.Response:
        if fault == "page":
            return web.Response(text="<html>Sign in</html>", content_type="text/html")
        status = {"limit": 429, "secondary": 403, "trouble": 503, "unauthorized": 401, "forbidden": 403}[fault]
        words = {
            "limit": "Rate limit exceeded",
            "secondary": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
            "unauthorized": "Bad credentials",
            "forbidden": "Resource not accessible by personal access token",
        }
        headers = {"Retry-After": str(self.pause)} if fault == "limit" else {}
        return web.json_response({"message": words.get(fault, "")}, status=status, headers=headers)


@dataclass
class FakeGitHub(FakeTracker):
    """One repository, acme/shop."""

    issues: list[dict[str, Any]] = field(default_factory=list)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    has_issues: bool = True

    def routes(self) -> list[web.RouteDef]:
        here = "/repos/acme/shop"
        return [
            web.get(here, self.repository),
            web.get(f"{here}/issues", self.listed),
            web.post(f"{here}/issues", self.opened),
            web.patch(f"{here}/issues/{{number}}", self.changed),
            web.get(f"{here}/issues/{{number}}/comments", self.said),
            web.post(f"{here}/issues/{{number}}/comments", self.say),
        ]

    async def repository(self, request: web.Request) -> web.Response:
        assert request.headers["X-GitHub-Api-Version"] == "2022-11-28"
        return web.json_response({"full_name": "acme/shop", "has_issues": self.has_issues})

    async def listed(self, request: web.Request) -> web.Response:
        assert request.query["state"] == "all"
        size, page = int(request.query["per_page"]), int(request.query["page"])
        assert size <= 100
        newest = [issue for issue in reversed(self.issues) if issue["updated_at"] >= request.query["since"]]
        return web.json_response(newest[size * (page - 1) : size * page])

    async def opened(self, request: web.Request) -> web.Response:
        told = await request.json()
        wrong = [name for name in told if name not in ("title", "body", "labels")]
        if wrong or not told.get("title") or len(told["title"]) > 256 or len(told["body"]) > 65_536:
            errors = [{"resource": "Issue", "field": "title", "code": "invalid"}]
            return web.json_response({"message": "Validation Failed", "errors": errors}, status=422)
        return web.json_response(self.add(**told), status=201)

    def add(self, **told: Any) -> dict[str, Any]:
        number = len(self.issues) + 1
        page = f"https://github.com/acme/shop/issues/{number}"
        issue = {"number": number, "html_url": page, "state": "open", "updated_at": "2024-01-16T16:00:00Z", **told}
        self.issues.append(issue)
        return issue

    def _issue(self, request: web.Request) -> dict[str, Any]:
        number = int(request.match_info["number"])
        if not 1 <= number <= len(self.issues):
            raise web.HTTPNotFound(text=json.dumps({"message": "Not Found"}), content_type="application/json")
        return self.issues[number - 1]

    async def changed(self, request: web.Request) -> web.Response:
        told = await request.json()
        assert told["state"] in ("open", "closed")
        assert told["state_reason"] in ("completed", "not_planned")
        issue = self._issue(request)
        issue.update(told)
        return web.json_response(issue)

    async def said(self, request: web.Request) -> web.Response:
        size, page = int(request.query["per_page"]), int(request.query["page"])
        told = self.comments.get(self._issue(request)["number"], [])
        return web.json_response(told[size * (page - 1) : size * page])

    async def say(self, request: web.Request) -> web.Response:
        comment = {"body": (await request.json())["body"]}
        self.comments.setdefault(self._issue(request)["number"], []).append(comment)
        return web.json_response(comment, status=201)


@dataclass
class FakeJira(FakeTracker):
    """One project, OPS. With `in_cloud` version 3 of the API (Basic, documents), else version 2 (Bearer, markup)."""

    in_cloud: bool = True
    issues: list[dict[str, Any]] = field(default_factory=list)
    comments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    types: tuple[str, ...] = ("Task", "Bug")
    ways: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {"id": "21", "name": "Begin", "to": {"statusCategory": {"key": "indeterminate"}}},
            {"id": "31", "name": "Finish", "to": {"statusCategory": {"key": "done"}}},
        ]
    )

    def routes(self) -> list[web.RouteDef]:
        here = f"/rest/api/{3 if self.in_cloud else 2}"
        return [
            web.get(f"{here}/project/OPS", self.project),
            web.get(f"{here}/search{'/jql' if self.in_cloud else ''}", self.searched),
            web.post(f"{here}/issue", self.opened),
            web.get(f"{here}/issue/{{key}}", self.shown),
            web.get(f"{here}/issue/{{key}}/comment", self.said),
            web.post(f"{here}/issue/{{key}}/comment", self.say),
            web.get(f"{here}/issue/{{key}}/transitions", self.transitions),
            web.post(f"{here}/issue/{{key}}/transitions", self.move),
        ]

    def knows(self, request: web.Request) -> bool:
        given = request.headers.get("Authorization", "")
        if self.in_cloud:
            basic = {base64.b64encode(f"{EMAIL}:{token}".encode()).decode() for token in self.tokens}
            return given.removeprefix("Basic ") in basic
        return given.removeprefix("Bearer ") in self.tokens

    def _is_text(self, text: Any) -> bool:
        return is_document(text) if self.in_cloud else isinstance(text, str) and len(text) <= 32_767

    async def project(self, request: web.Request) -> web.Response:
        del request
        return web.json_response({"key": "OPS", "issueTypes": [{"name": name} for name in self.types]})

    async def searched(self, request: web.Request) -> web.Response:
        query = request.query["jql"]
        assert query.startswith('project = "OPS" AND labels = "')
        label = query.split('"')[3]
        found = [issue for issue in self.issues if label in issue["fields"]["labels"]]
        return web.json_response({"issues": found[: int(request.query["maxResults"])]})

    async def opened(self, request: web.Request) -> web.Response:
        fields = (await request.json())["fields"]
        errors = {}
        if fields["project"] != {"key": "OPS"}:
            errors["project"] = "Specify a valid project ID or key"
        if fields["issuetype"]["name"] not in self.types:
            errors["issuetype"] = "Specify a valid issue type"
        if not fields["summary"] or "\n" in fields["summary"] or len(fields["summary"]) > 255:
            errors["summary"] = "Summary must be one line of at most 255 characters."
        if not self._is_text(fields["description"]):
            errors["description"] = "Operation value must be an Atlassian Document"
        if any(" " in label for label in fields["labels"]):
            errors["labels"] = "The label contains spaces which is invalid."
        if errors:
            return web.json_response({"errorMessages": [], "errors": errors}, status=400)
        issue = {"id": str(10_000 + len(self.issues)), "key": f"OPS-{len(self.issues) + 1}", "fields": fields}
        fields["status"] = {"statusCategory": {"key": "new"}}
        self.issues.append(issue)
        return web.json_response({"id": issue["id"], "key": issue["key"]}, status=201)

    def _issue(self, request: web.Request) -> dict[str, Any]:
        for issue in self.issues:
            if issue["key"] == request.match_info["key"]:
                return issue
        told = {"errorMessages": ["Issue does not exist or you do not have permission to see it."], "errors": {}}
        raise web.HTTPNotFound(text=json.dumps(told), content_type="application/json")

    async def shown(self, request: web.Request) -> web.Response:
        return web.json_response(self._issue(request))

    async def said(self, request: web.Request) -> web.Response:
        return web.json_response({"comments": self.comments.get(self._issue(request)["key"], [])[::-1]})

    async def say(self, request: web.Request) -> web.Response:
        body = (await request.json())["body"]
        assert self._is_text(body)
        self.comments.setdefault(self._issue(request)["key"], []).append({"body": body})
        return web.json_response({"body": body}, status=201)

    async def transitions(self, request: web.Request) -> web.Response:
        self._issue(request)
        return web.json_response({"transitions": self.ways})

    async def move(self, request: web.Request) -> web.Response:
        chosen = (await request.json())["transition"]["id"]
        way = next(way for way in self.ways if way["id"] == chosen)
        self._issue(request)["fields"]["status"] = way["to"]
        return web.Response(status=204)


INLINE = frozenset({"text", "hardBreak"})


def is_document(node: Any) -> bool:
    """Whether a node is an Atlassian Document with what we use of it: unknown nodes and empty texts are refused."""
    return bool(node["type"] == "doc" and node["version"] == 1 and all(map(_is_block, node["content"])))


def _is_block(node: Any) -> bool:
    match node["type"]:
        case "paragraph":
            return all(map(_is_inline, node["content"]))
        case "bulletList":
            items = node["content"]
            return bool(items) and all(it["type"] == "listItem" and all(map(_is_block, it["content"])) for it in items)
    return False


def _is_inline(node: Any) -> bool:
    if node["type"] == "text":
        marks = node.get("marks", [])
        return bool(node["text"]) and "\n" not in node["text"] and all(it["type"] in ("strong", "link") for it in marks)
    return bool(node == {"type": "hardBreak"})


@asynccontextmanager
async def serving(fake: FakeTracker) -> AsyncIterator[None]:
    """The fake while it listens."""
    application = web.Application(middlewares=[fake.meet])
    application.add_routes(fake.routes())
    runner = web.AppRunner(application, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield
    finally:
        await runner.cleanup()
