"""Where reports come from: an address, or a file of this machine. Read whole, within a limit."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.core.playbook_reports import ReportRule
from bot.validation.interface import CheckError, Context
from bot.validation.requests import ask

MOST_REPORT = 20_000_000
"""Bytes of a report that are read."""


async def report_of(context: Context, rule: ReportRule) -> bytes:
    """The report that a rule names. CheckError where it is not there, or larger than is read."""
    if rule.path is not None:
        return await asyncio.to_thread(_read, context.address(rule.path))
    assert rule.url is not None, "the rule has one of the two"
    answer = await ask(context, rule, context.address(rule.url), timeout=rule.timeout, most=MOST_REPORT)
    if answer.status == 404:
        raise CheckError("there is no report yet (404)")
    if answer.status != 200:
        raise CheckError(f"the report can't be had: {answer.status}")
    return answer.body


def _read(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            content = file.read(MOST_REPORT + 1)
    except FileNotFoundError as error:
        raise CheckError(f"there is no file {path}") from error
    except (OSError, ValueError) as error:
        raise CheckError(f"the file {path} can't be read") from error
    if len(content) > MOST_REPORT:
        raise CheckError(f"the report is larger than {MOST_REPORT:,} bytes, so it is not judged", fault=True)
    return content
