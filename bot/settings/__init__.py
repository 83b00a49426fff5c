"""The only readers of the environment (tokens, where to listen) and of the configuration file (the team's rules)."""

from bot.settings.reading import (
    Configuration,
    Environment,
    Files,
    Transport,
    load,
    read_all,
    read_environment,
    read_variables,
)

__all__ = [
    "Configuration",
    "Environment",
    "Files",
    "Transport",
    "load",
    "read_all",
    "read_environment",
    "read_variables",
]
