"""What an app's manifest says, as far as a workspace acts on it (docs.slack.dev, reference/app-manifest)."""

from __future__ import annotations

from dataclasses import dataclass

from playground.slack.shapes import Json


@dataclass(frozen=True)
class SlashCommand:
    command: str
    description: str
    usage_hint: str
    should_escape: bool


@dataclass(frozen=True)
class Shortcut:
    """`type` is "message" or "global"."""

    type: str
    callback_id: str
    name: str
    description: str


@dataclass(frozen=True)
class Manifest:
    """The installed app as its manifest describes it. Scopes are the bot's own."""

    name: str
    bot_name: str
    commands: tuple[SlashCommand, ...]
    shortcuts: tuple[Shortcut, ...]
    scopes: frozenset[str]
    bot_events: frozenset[str]
    home_tab_enabled: bool
    messages_tab_enabled: bool
    messages_tab_read_only: bool
    is_interactive: bool
    socket_mode_enabled: bool

    @classmethod
    def from_dict(cls, manifest: Json) -> Manifest:
        """Read a manifest in Slack's own shape. Missing parts mean what they mean to Slack: not there, not allowed."""
        features = manifest.get("features", {})
        settings = manifest.get("settings", {})
        home = features.get("app_home", {})
        name = manifest.get("display_information", {}).get("name", "App")
        return cls(
            name=name,
            bot_name=features.get("bot_user", {}).get("display_name", name),
            commands=tuple(_command(entry) for entry in features.get("slash_commands", [])),
            shortcuts=tuple(_shortcut(entry) for entry in features.get("shortcuts", [])),
            scopes=frozenset(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", [])),
            bot_events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", [])),
            home_tab_enabled=bool(home.get("home_tab_enabled", False)),
            messages_tab_enabled=bool(home.get("messages_tab_enabled", False)),
            messages_tab_read_only=bool(home.get("messages_tab_read_only_enabled", False)),
            is_interactive=bool(settings.get("interactivity", {}).get("is_enabled", False)),
            socket_mode_enabled=bool(settings.get("socket_mode_enabled", False)),
        )

    def command(self, name: str) -> SlashCommand | None:
        return next((command for command in self.commands if command.command == name), None)

    def shortcut(self, callback_id: str) -> Shortcut | None:
        return next((shortcut for shortcut in self.shortcuts if shortcut.callback_id == callback_id), None)


def _command(entry: Json) -> SlashCommand:
    return SlashCommand(
        command=entry["command"],
        description=entry.get("description", ""),
        usage_hint=entry.get("usage_hint", ""),
        should_escape=bool(entry.get("should_escape", False)),
    )


def _shortcut(entry: Json) -> Shortcut:
    return Shortcut(
        type=entry["type"],
        callback_id=entry["callback_id"],
        name=entry["name"],
        description=entry.get("description", ""),
    )
