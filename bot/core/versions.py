"""When two names mean one version, or one commit."""

from __future__ import annotations

import re


def spelled(version: str) -> str:
    """A version as it is compared: v1.2.0, V1.2.0 and 1.2.0 are one."""
    return version.casefold().removeprefix("v")


def is_same_version(one: str, other: str) -> bool:
    """Whether two spellings name one version: v1.2.0, V1.2.0 and 1.2.0 do."""
    return spelled(one) == spelled(other)


_COMMIT_HASH = re.compile(r"[0-9a-f]{6,64}")


def is_same_commit(one: str, other: str) -> bool:
    """Whether two ids name one commit: hashes may be shortened, other names (a tag) must be equal."""
    longer, shorter = sorted((one.casefold(), other.casefold()), key=len, reverse=True)
    if _COMMIT_HASH.fullmatch(longer) and _COMMIT_HASH.fullmatch(shorter):
        return longer.startswith(shorter)
    return one == other


def is_another_commit(one: str, other: str) -> bool:
    """Whether two ids are sure to name two commits: both are hashes, and neither begins with the other."""
    hashes = all(_COMMIT_HASH.fullmatch(name.casefold()) for name in (one, other))
    return hashes and not is_same_commit(one, other)
