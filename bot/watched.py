"""Which releases are watched now: those whose state says so, and those whose rollback has not begun."""

from __future__ import annotations

from bot.core.release_observation import LOOKED_AT, WATCHED, way_back
from bot.service import read_conversation
from bot.store.interface import Reader, Record

MOST_RELEASES = 1_000


def is_watched(reader: Reader, record: Record) -> bool:
    """Whether a release's signals are looked at now."""
    if record.state not in LOOKED_AT:
        return False
    if record.state in WATCHED:
        return True
    found = reader.find("rollback", service=record.service, environment=record.environment, is_open=True)
    back = way_back(record.id, map(read_conversation, found))
    return back is not None and not back.has_begun


def services_of_watched(reader: Reader, services: frozenset[str]) -> dict[str, str]:
    """The releases of some services whose signals are looked at now, by id, each with its service."""
    records = (record for state in LOOKED_AT for record in reader.find("release", state=state, limit=MOST_RELEASES))
    found = (record for record in records if record.service in services and is_watched(reader, record))
    return {record.id: record.service for record in found}


def still_watched(reader: Reader, conversation_id: str) -> Record | None:
    """A release, if it is watched now."""
    record = reader.load(conversation_id)
    return record if record is not None and is_watched(reader, record) else None
