"""What happened, for people outside of Slack: read beside a running bot, through sqlite-utils, and never written."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from sqlite_utils import Database

from bot.errors import ConfigurationError, GreenlightError, Problem
from bot.store.queries import SQLiteReader

_CONVERSATIONS = """
SELECT id, dialogue, service, environment, version, state, is_open, opened_at, since
FROM conversations
WHERE (:version IS NULL OR version IN (:version, 'v' || :version)) AND (:service IS NULL OR service = :service)
ORDER BY opened_at, id
"""

COLUMNS = (
    "service", "environment", "version", "dialogue", "number", "at", "step", "state", "actor", "name", "roles", "data",
)  # fmt: skip
"""Of the CSV: one row an event. `data` is JSON."""


def history(path: Path, form: Literal["json", "csv"], *, version: str | None = None, service: str | None = None) -> str:
    """Conversations with all their events, the oldest first: all, or a version's, or a service's.

    Raises ConfigurationError where the file is not Greenlight's database, GreenlightError where nothing matches.
    """
    found = _read(path, version, service)
    if not found and (version or service):
        wanted = " of ".join(part for part in (version, service) if part)
        raise GreenlightError(f"Nothing is recorded of {wanted} in {path}.")
    return _csv(found) if form == "csv" else json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _read(path: Path, version: str | None, service: str | None) -> list[dict[str, Any]]:
    if not path.is_file():
        raise _unusable(path, "There is no such file.")
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        database, reader = Database(connection), SQLiteReader(connection)
        # One transaction: conversations and events of the same moment.
        connection.execute("BEGIN")
        found = [dict(row) for row in database.query(_CONVERSATIONS, {"version": version, "service": service})]
        for conversation in found:
            conversation["is_open"] = bool(conversation["is_open"])
            conversation["events"] = [event.model_dump(mode="json") for event in reader.events(conversation["id"])]
    except sqlite3.DatabaseError as error:
        raise _unusable(path, f"This is not Greenlight's database ({error}).") from error
    finally:
        connection.close()
    return found


def _unusable(path: Path, reason: str) -> ConfigurationError:
    remedy = "Name the bot's database with --database or GREENLIGHT_DATABASE."
    return ConfigurationError((Problem(str(path), "", reason, remedy),))


def _csv(conversations: Iterable[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for conversation in conversations:
        for event in conversation["events"]:
            row = {key: conversation[key] for key in ("service", "environment", "version")} | event
            row["roles"] = " ".join(event["roles"])
            row["data"] = json.dumps(event["data"], ensure_ascii=False)
            writer.writerow({key: _inert(value) for key, value in row.items()})
    return text.getvalue()


def _inert(value: object) -> object:
    """Text from outside that a spreadsheet would run as a formula (OWASP, "CSV Injection") is made plain."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
