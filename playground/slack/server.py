"""The playground's Slack as a server: Web API, response URLs, Socket Mode, and deliveries to the app."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Self

from aiohttp import web

from playground.slack.app_events import group_members_changed
from playground.slack.command_answer import respond
from playground.slack.http_transport import HttpTransport
from playground.slack.interaction import Interactions
from playground.slack.person import Person
from playground.slack.shapes import ApiError, Json
from playground.slack.socket_mode import SocketTransport
from playground.slack.state import Credentials, Settings, Slack, system_now
from playground.slack.web_api import MAX_BODY, WebApi


class SlackServer:
    """A Slack on a loopback port, with one installed app, described by its manifest in Slack's own shape.

    `now` is the workspace's wall clock (message timestamps, age of response URLs), `monotonic` the real one (rate
    limits, triggers). Deliveries start once `connect` told where the app listens, or the app opened Socket Mode.
    """

    def __init__(
        self,
        manifest: Json,
        *,
        now: Callable[[], datetime] = system_now,
        monotonic: Callable[[], float] = time.monotonic,
        credentials: Credentials | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.slack = Slack(manifest, now=now, monotonic=monotonic, credentials=credentials, settings=settings)
        self.workspace = self.slack.workspace
        self.faults = self.slack.faults
        self.traffic = self.slack.traffic
        self.limits = self.slack.limits
        self.interactions = Interactions(self.slack)
        self.socket_mode = SocketTransport(self.slack)
        self._web_api = WebApi(self.slack)
        if self.slack.socket_mode_enabled:
            self.slack.deliveries.transport = self.socket_mode
        self._runner: web.AppRunner | None = None
        self._mounted: list[Callable[[web.Application], None]] = []

    # Address and keys ------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The server's origin, such as http://127.0.0.1:53211. The Web API is below /api/."""
        return self.slack.base_url

    @property
    def api_url(self) -> str:
        """What slack_sdk's clients take as base_url."""
        return f"{self.url}/api/"

    @property
    def bot_token(self) -> str:
        return self.slack.credentials.bot_token

    @property
    def app_token(self) -> str:
        return self.slack.credentials.app_token

    @property
    def signing_secret(self) -> str:
        return self.slack.credentials.signing_secret

    # Life ------------------------------------------------------------------------------------------------------

    def mount(self, add_routes: Callable[[web.Application], None]) -> None:
        """Serve more below the same origin, such as the page. Call it before `start`."""
        self._mounted.append(add_routes)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> Self:
        """Listen. Port 0 takes a free one."""
        application = web.Application(client_max_size=MAX_BODY)
        application.router.add_route("*", "/api/{method}", self._web_api.handle)
        application.router.add_post("/response/{key}", self._respond)
        application.router.add_get("/link/", self.socket_mode.link)
        for add_routes in self._mounted:
            add_routes(application)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound = self._runner.addresses[0][1]
        self.slack.base_url = self.slack.response_urls.base_url = f"http://{host}:{bound}"
        return self

    async def stop(self) -> None:
        """Stop listening; deliveries and waiting retries are given up."""
        self._web_api.close()
        await self.slack.deliveries.close()
        await self.socket_mode.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        return await self.start() if self._runner is None else self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def connect(self, request_url: str) -> None:
        """Deliver over HTTP to the app's one request URL: commands, interactions and events. No Socket Mode then."""
        self.slack.socket_mode_enabled = False
        self.slack.deliveries.transport = HttpTransport(request_url, self.signing_secret, self.slack.settings.patience)

    def connect_socket_mode(self) -> None:
        """Deliver over Socket Mode, whatever the manifest says. It is one or the other for an app, as in Slack."""
        self.slack.socket_mode_enabled = True
        self.slack.deliveries.transport = self.socket_mode

    async def verify_request_url(self, challenge: str = "a-challenge") -> bool:
        """Whether the app answers Slack's url_verification with the challenge."""
        return await self._http.verify_url(self.slack.credentials.verification_token, challenge)

    async def check_certificate(self) -> bool:
        """Whether the app answers Slack's `ssl_check=1` with 200."""
        return await self._http.check_certificate(self.slack.credentials.verification_token)

    @property
    def _http(self) -> HttpTransport:
        transport = self.slack.deliveries.transport
        if not isinstance(transport, HttpTransport):
            raise TypeError("connect the app's request URL first")
        return transport

    async def settled(self, timeout: float = 10.0) -> None:  # noqa: ASYNC109 - told in the failure's sentence
        """Return when all deliveries in flight are answered (what the app does afterwards is its own)."""
        await self.slack.deliveries.settled(timeout)

    def change_group(self, handle: str, users: Iterable[str]) -> None:
        """Give a user group other members, by ids or names; the app hears of it if it subscribed."""
        wanted = handle.removeprefix("@")
        group = next(group for group in self.workspace.groups.values() if wanted in (group.handle, group.id))
        group_members_changed(self.slack, group, [self.workspace.person(user).id for user in users])

    def person(self, reference: str) -> Person:
        """Somebody of the workspace, by id, handle or full name, to act as."""
        return Person(self.slack, self.interactions, self.workspace.person(reference))

    async def _respond(self, request: web.Request) -> web.Response:
        started = time.monotonic()
        given: Json = {}
        status, answer = 200, "ok"
        try:
            given = await request.json()
            respond(self.slack, self.slack.response_urls.use(request.match_info["key"]), given)
        except ValueError:
            status, answer = 400, "invalid_payload"
        except ApiError as error:
            gone = error.error in ("expired_url", "used_url", "invalid_url")
            status, answer = (404 if gone else 400), error.error
        self.traffic.note(
            "from_app",
            "response_url",
            at=self.slack.now().isoformat(),
            status=status,
            milliseconds=(time.monotonic() - started) * 1000,
            request=given,
            response=answer,
        )
        return web.Response(status=status, text=answer)
