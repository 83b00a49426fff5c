"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# A commit that passed passes again: the examples are the same each time. New ones are sought on purpose, with
# `make test ARGUMENTS=--hypothesis-profile=explore`; what they find is written down as a test of its own.
settings.register_profile("steady", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile("steady")
