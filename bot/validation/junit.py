"""Results of test runners, as JUnit XML (QA Production, action 2)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot import junit
from bot.core.playbook_reports import JUnitRule
from bot.core.validation import Outcome
from bot.validation.interface import CheckError, Context, Finding
from bot.validation.reports import report_of

MOST_NAMED = 5


@dataclass(frozen=True)
class JUnitCheck:
    """Enough tests were run, and none failed."""

    rule: JUnitRule

    async def run(self, context: Context) -> Finding:
        content = await report_of(context, self.rule)
        try:
            report = await asyncio.to_thread(junit.read, content)
        except ValueError as error:
            raise CheckError(str(error).rstrip("."), fault=True) from error
        return judge(self.rule, report)


def judge(rule: JUnitRule, report: junit.Report) -> Finding:
    """What the results mean. What was skipped was not run."""
    failed = [case.name for case in report.cases if case.failed]
    flaky = [case.name for case in report.run if case.flaky and not case.failed]
    skipped = len(report.cases) - len(report.run)
    told = f"{len(report.run)} tests run{f', {skipped} skipped' if skipped else ''}"
    if failed:
        return Finding(Outcome.FAIL, f"{len(failed)} of {len(report.run)} tests failed: {_names(failed)}")
    if len(report.run) < rule.tests:
        raise CheckError(f"{told}, at least {rule.tests} expected")
    if rule.skipped is not None and skipped > rule.skipped:
        return Finding(Outcome.FAIL, f"{told}, at most {rule.skipped} may be")
    if flaky:
        return Finding(Outcome.FLAKY, f"{told}; {len(flaky)} passed when tried again: {_names(flaky)}")
    return Finding(Outcome.PASS, told)


def _names(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
