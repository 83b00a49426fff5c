"""What people do: write, command, click, submit, close, open. The page and the tests both come through here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playground.slack import payloads
from playground.slack.app_events import home_opened, member_joined, message_posted
from playground.slack.command_answer import show_command_answer
from playground.slack.elements import ACTION_KEYS, Placed, checked_content, client_errors, find, merged_values
from playground.slack.mentions import typed_to_tokens
from playground.slack.model import Channel, Message, User
from playground.slack.shapes import Json, PersonError
from playground.slack.state import Slack
from playground.slack.submission import Result, apply_answer
from playground.slack.transport import DeliveryFailedError, Envelope
from playground.slack.workspace import SLACKBOT

TROUBLE = "We had some trouble connecting. Try again?"


@dataclass(frozen=True)
class Outcome:
    """What a person is left with: the error Slack shows them, or the message they wrote, or neither."""

    error: str | None = None
    message: Message | None = None


class Interactions:
    """Acts of people. Raises PersonError where Slack's client would not let them."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._workspace = slack.workspace

    # Writing ---------------------------------------------------------------------------------------------------

    async def write(self, user: User, channel: Channel, text: str, thread_ts: str | None = None) -> Outcome:
        """A message, or a slash command when it starts with one."""
        self._require_membership(user, channel)
        if not text.strip():
            raise PersonError("There is nothing to send.")
        if text.startswith("/") and not text.startswith("//"):
            if thread_ts:
                raise PersonError(f"{text.split(maxsplit=1)[0]} is not supported in threads")
            return await self._command(user, channel, text)
        if channel.is_archived:
            raise PersonError(f"#{channel.name} is archived.")
        if thread_ts and not self._workspace.conversations.get(channel.id, thread_ts):
            raise PersonError("That thread is no longer there.")
        message = Message(
            channel=channel.id,
            ts=self._workspace.timestamps.next(),
            user=user.id,
            text=typed_to_tokens(self._workspace, text.strip()),
            thread_ts=thread_ts,
        )
        self._workspace.conversations.add(message)
        self._workspace.conversations.mark_read(user.id, channel, thread_ts)
        message_posted(self._slack, message)
        self._offer_invitation(user, channel, message)
        return Outcome(message=message)

    async def _command(self, user: User, channel: Channel, line: str) -> Outcome:
        name, _, text = line.strip().partition(" ")
        command = self._slack.manifest.command(name)
        if command is None:
            raise PersonError(f"{name} is not a valid command. The app's commands: {self._command_names()}")
        envelope = payloads.slash_command(self._slack, user, channel, name, text.strip(), escape=command.should_escape)
        try:
            answer = await self._slack.deliveries.ask(envelope)
        except DeliveryFailedError as failure:
            error = "operation_timeout" if failure.reason == "http_timeout" else "dispatch_failed"
            return self._tell_error(user, f'{name} failed with the error "{error}"')
        if not answer.is_ok:
            return self._tell_error(user, f'{name} failed with the error "dispatch_failed"')
        if not show_command_answer(self._slack, user, channel, answer):
            return self._tell_error(user, f'{name} failed with the error "invalid_command_response"')
        return Outcome()

    def _command_names(self) -> str:
        return ", ".join(command.command for command in self._slack.manifest.commands)

    def _offer_invitation(self, user: User, channel: Channel, message: Message) -> None:
        """Slackbot's hint when somebody mentions the app where it is not."""
        bot = self._workspace.bot
        if self._workspace.bot_is_in(channel) or bot.id not in message.pings:
            return
        hint = Message(
            channel=channel.id,
            ts=self._workspace.timestamps.next(),
            user=SLACKBOT,
            text=f"You mentioned <@{bot.id}>, but they're not in this channel. Invite them: /invite @{bot.real_name}",
            ephemeral_for=user.id,
        )
        self._workspace.conversations.add_ephemeral(hint)

    # Clicking --------------------------------------------------------------------------------------------------

    async def act_on_message(self, user: User, channel: Channel, message_ts: str, given: Json) -> Outcome:
        """A click in a message. `given` has block_id, action_id and the element's own fields."""
        conversations = self._workspace.conversations
        message = conversations.ephemeral(user.id, message_ts)
        if message is None:
            self._require_membership(user, channel)
            message = conversations.get(channel.id, message_ts)
        if message is None:
            raise PersonError("That message is no longer there.")
        placed = self._placed_in_any([message.blocks, *reversed(message.revisions)], given)
        envelope = payloads.message_action(self._slack, user, message, placed, self._completed(placed, given))
        return await self._interact(user, envelope)

    async def act_on_view(self, user: User, view_id: str, given: Json, values: Json) -> Outcome:
        """A click in a modal or in the App Home."""
        view = self._open_view(user, view_id)
        placed = self._placed_in_any([view["blocks"]], given)
        if placed.block["type"] == "input" and not placed.block.get("dispatch_action"):
            raise PersonError("This input does not dispatch actions; its content is sent on submit.")
        given = self._completed(placed, given)
        if placed.element["type"] not in ("button", "overflow", "workflow_button"):
            entry = {ACTION_KEYS[placed.element["type"]]: given.get(ACTION_KEYS[placed.element["type"]])}
            values = {**values, placed.block_id: {**values.get(placed.block_id, {}), placed.action_id: entry}}
        full = merged_values(view["blocks"], values)
        view["state"] = {"values": full}
        return await self._interact(user, payloads.view_action(self._slack, user, view, placed, given, full))

    async def shortcut(
        self, user: User, callback_id: str, channel: Channel | None = None, message_ts: str | None = None
    ) -> Outcome:
        """A global shortcut, or a message shortcut when a message is named."""
        shortcut = self._slack.manifest.shortcut(callback_id)
        if shortcut is None:
            raise PersonError(f"The app has no shortcut {callback_id!r}.")
        if shortcut.type == "global":
            return await self._interact(user, payloads.global_shortcut(self._slack, user, callback_id))
        message = self._workspace.conversations.get(channel.id, message_ts) if channel and message_ts else None
        if message is None:
            raise PersonError(f"“{shortcut.name}” is used on a message; ephemeral messages have no shortcuts.")
        return await self._interact(user, payloads.message_shortcut(self._slack, user, callback_id, message))

    async def _interact(self, user: User, envelope: Envelope) -> Outcome:
        if not self._slack.manifest.is_interactive:
            raise PersonError("The app's manifest does not enable interactivity.")
        try:
            answer = await self._slack.deliveries.ask(envelope)
        except DeliveryFailedError:
            return self._tell_error(user, "This app is not responding. Try again?")
        if not answer.is_ok:
            return self._tell_error(user, "This app responded with an error. Try again?")
        return Outcome()

    # Views -----------------------------------------------------------------------------------------------------

    async def submit(self, user: User, view_id: str, values: Json) -> Result:
        """Submit a modal. The client's own checks come first; nothing is sent when they fail."""
        view = self._open_view(user, view_id)
        if view["type"] != "modal" or not view["submit"]:
            raise PersonError("This view has nothing to submit.")
        full = merged_values(view["blocks"], values)
        errors = client_errors(view["blocks"], full)
        if errors:
            return Result("errors", errors=errors)
        view["state"] = {"values": full}
        try:
            answer = await self._slack.deliveries.ask(payloads.view_submission(self._slack, user, view, full))
        except DeliveryFailedError:
            return Result("failed", message=TROUBLE)
        return apply_answer(self._slack, user, view, answer) or Result("failed", message=TROUBLE)

    async def close(self, user: User, view_id: str) -> None:
        """Close a modal; the app is told when it asked to be. `clear_on_close` takes the whole stack."""
        view = self._open_view(user, view_id)
        if view["clear_on_close"]:
            self._slack.views.clear(user.id)
        else:
            self._slack.views.close(user.id, view)
        if view["notify_on_close"]:
            envelope = payloads.view_closed(self._slack, user, view, is_cleared=view["clear_on_close"])
            await self._interact(user, envelope)

    def open_home(self, user: User) -> Json | None:
        """Open the App Home; the app is told, and may publish another view later."""
        if not self._slack.manifest.home_tab_enabled:
            raise PersonError("The app has no home tab.")
        home_opened(self._slack, user.id, "home")
        return self._slack.views.home(user.id)

    # Channels --------------------------------------------------------------------------------------------------

    def invite(self, user: User, channel: Channel, invited: str) -> None:
        """A member brings somebody, or the bot, into a channel."""
        self._require_membership(user, channel)
        if self._workspace.user(invited) is None:
            raise PersonError("There is nobody of that id.")
        if invited in channel.members:
            raise PersonError(f"{self._workspace.name_of(invited)} is already in #{channel.name}.")
        self._workspace.join(channel, invited)
        member_joined(self._slack, channel, invited, user.id)

    def _require_membership(self, user: User, channel: Channel) -> None:
        if user.deleted:
            raise PersonError(f"{user.real_name}'s account is deactivated.")
        if user.id not in channel.members:
            raise PersonError(f"{user.real_name} is not in #{channel.name}.")

    def _open_view(self, user: User, view_id: str) -> Json:
        view = self._slack.views.find(user.id, view_id)
        if view is None:
            raise PersonError("That view is no longer open.")
        return view

    def _placed_in_any(self, versions: list[list[Json]], given: Json) -> Placed:
        """The element that was clicked, also when the message has changed since the person saw it."""
        for blocks in versions:
            if placed := find(blocks, str(given.get("block_id", "")), str(given.get("action_id", ""))):
                return placed
        raise PersonError(f"There is no element {given.get('action_id')!r} in block {given.get('block_id')!r}.")

    def _completed(self, placed: Placed, given: Json) -> Json:
        key = ACTION_KEYS[placed.element["type"]]
        content: Any = given.get(key)
        if placed.element["type"] in ("button", "workflow_button"):
            return {**given, key: placed.element.get("value")}
        return {**given, key: checked_content(placed.element, content)}

    def _tell_error(self, user: User, sentence: str) -> Outcome:
        self._workspace.events.append("error", {"message": sentence}, {user.id})
        return Outcome(error=sentence)
