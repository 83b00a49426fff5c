"""`GET /health` in the shape of the deployment document's "Health Checks": 200 healthy, 503 unhealthy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True)
class Health:
    """How the process is: its version, its age in seconds, and each part by name."""

    version: str
    uptime: int
    checks: Mapping[str, bool]

    @property
    def healthy(self) -> bool:
        return all(self.checks.values())

    @property
    def status_code(self) -> HTTPStatus:
        return HTTPStatus.OK if self.healthy else HTTPStatus.SERVICE_UNAVAILABLE

    def body(self) -> dict[str, object]:
        """The JSON answer."""
        return {
            "status": _word(self.healthy),
            "version": self.version,
            "uptime": self.uptime,
            "checks": {name: _word(fine) for name, fine in self.checks.items()},
        }


def _word(fine: bool) -> str:  # noqa: FBT001 - a truth to be put into a word
    return "healthy" if fine else "unhealthy"
