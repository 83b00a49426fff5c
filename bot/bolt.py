"""Bolt as the design measured it: answered after the commit, no call to Slack in the constructor or on the way."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import Slack

SlashAnswer: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[BoltResponse]]
"""Answers a slash command, given its fields (docs.slack.dev, "Slash commands", payload)."""


class SlashCommands(AsyncMiddleware):
    """The short way for slash commands: by name to whoever answers them.

    Bolt asks its listeners in turn, and gathers some thirty objects by name for every question and every answer. That
    is a tenth of all that an acknowledgement costs, and a command needs none of them.
    """

    def __init__(self) -> None:
        self.answers: dict[str, SlashAnswer] = {}

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[Any]],  # noqa: A002 - Bolt's
    ) -> BoltResponse:
        """Answer, or leave it to the listeners. What an answer raises ends where a listener's errors end."""
        answer = self.answers.get(req.body.get("command", ""))
        if answer is None:
            await next()
            return resp
        return await answer(req.body)


class CommandRequest(AsyncBoltRequest):
    """A slash command on the short way: without what Bolt looks for on behalf of listeners, whom it never meets."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.raw_body, self.query, self.headers, self.content_type = "", {}, {}, None
        self.body, self.context = fields, AsyncBoltContext()
        self.lazy_only, self.lazy_function_name = False, None
        self.mode = "socket_mode"  # nothing is to be verified


class Bolt(AsyncApp):
    """Bolt's app, spared what no listener of ours asks for."""

    def __init__(self, slack: Slack) -> None:
        """One workspace, one token: there is nothing to look up."""
        self._slash_commands = SlashCommands()

        async def authorize() -> AuthorizeResult:
            # Bolt's own way asks auth.test on the first request.
            return AuthorizeResult(
                enterprise_id=None, team_id=None, bot_token=slack.client.token, bot_user_id=slack.bot_user
            )

        bolt_logger = logging.getLogger("slack_bolt")
        # Bolt asks a logger for its own level; one that has none makes it write debug lines that nobody reads.
        bolt_logger.setLevel(bolt_logger.getEffectiveLevel())
        super().__init__(
            name="greenlight",
            # Whoever comes by HTTP was checked at the door; Socket Mode is a connection that we opened.
            signing_secret="",
            request_verification_enabled=False,
            # Without a token: Bolt takes it from `authorize`, and warns about two.
            client=AsyncWebClient(base_url=slack.client.base_url),
            authorize=authorize,
            before_authorize=self._slash_commands,
            process_before_response=True,
            # For functions in Slack's Workflow Builder, of which there are none.
            attaching_function_token_enabled=False,
            logger=bolt_logger,
        )

    def request(self, fields: dict[str, Any], headers: Mapping[str, str]) -> AsyncBoltRequest:
        """What was sent and checked, as Bolt takes it."""
        if fields.get("command") in self._slash_commands.answers:
            return CommandRequest(fields)
        # "socket_mode" means to Bolt that nothing needs to be verified.
        return AsyncBoltRequest(body=fields, headers={**headers}, mode="socket_mode")

    def slash_command(self, name: str) -> Callable[[SlashAnswer], SlashAnswer]:
        """Register who answers a slash command: as `command` does, on the short way."""

        def register(answer: SlashAnswer) -> SlashAnswer:
            self._slash_commands.answers[name] = answer
            return answer

        return register

    def _init_context(self, req: AsyncBoltRequest) -> None:
        """As Bolt's own, without a client for each request: ours has one token, and no listener changes it."""
        req.context["logger"] = self.logger
        req.context["token"] = None
        req.context["client"] = self.client
        req.context["listener_runner"] = self.listener_runner
