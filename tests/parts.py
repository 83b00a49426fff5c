"""Programs of others that some tests start: skipped where one is missing, failed where it must be there."""

from __future__ import annotations

import os
import shutil

import pytest


def require(program: str) -> str:
    """The path of a program. Skips the test without it; fails it when GREENLIGHT_REQUIRE_PARTS=1 says that all parts
    must be there.
    """
    if found := shutil.which(program):
        return found
    reason = f"there is no {program} on this machine; Debian's package prometheus or prometheus-alertmanager has it"
    if os.environ.get("GREENLIGHT_REQUIRE_PARTS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
