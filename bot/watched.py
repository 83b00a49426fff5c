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


def watched(reader: Reader, services: frozenset[str]) -> list[Record]:
    """The releases of some services whose signals are looked at now."""
    records = (record for state in LOOKED_AT for record in reader.find("release", state=state, limit=MOST_RELEASES))
    return [record for record in records if record.service in services and is_watched(reader, record)]
