"""Trouble on demand: the next calls of a method, or the next deliveries, go wrong in a chosen way."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Literal

Trouble = Literal["ratelimited", "server_error", "reset", "timeout", "accepted_then_dropped", "refused"]
ANY = "*"


@dataclass(frozen=True)
class Fault:
    """What goes wrong once.

    ratelimited: 429 with Retry-After, nothing is done. server_error: 500, nothing is done. reset: the connection
    breaks before anything is done. timeout: nothing is answered, nothing is done. accepted_then_dropped: the call is
    carried out, then the connection breaks before the answer. refused: {"ok": false, "error": `error`}.
    """

    trouble: Trouble
    retry_after: int = 1
    error: str = ""


class Faults:
    """Faults waiting to happen, per method name or for any ("*"). They are used up first come first served."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Fault]] = defaultdict(deque)
        self.duplicate_deliveries = 0

    def next_calls(self, method: str, trouble: Trouble, *, times: int = 1, retry_after: int = 1) -> None:
        """The next `times` calls of a method ("*" for any) go wrong."""
        self._waiting[method].extend([Fault(trouble, retry_after)] * times)

    def refuse_next(self, method: str, error: str, *, times: int = 1) -> None:
        """The next `times` calls are refused with an error of Slack's, such as fatal_error or token_revoked."""
        self._waiting[method].extend([Fault("refused", error=error)] * times)

    def duplicate_next(self, times: int = 1) -> None:
        """The next deliveries of events or interactions reach the app twice, the same to the letter."""
        self.duplicate_deliveries += times

    def take(self, method: str) -> Fault | None:
        """The fault that this call meets, if one is waiting."""
        for name in (method, ANY):
            if self._waiting[name]:
                return self._waiting[name].popleft()
        return None

    def take_duplicate(self) -> bool:
        if self.duplicate_deliveries:
            self.duplicate_deliveries -= 1
            return True
        return False

    def clear(self) -> None:
        self._waiting.clear()
        self.duplicate_deliveries = 0
