"""Does what a validation has to do outside: a few checks an errand, until all are settled.

What was found is recorded with the errand, so that a process that dies in between repeats at most the few checks that
it was at, says so, and repeats none that may change something.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import httpx

from bot.clock import Clock
from bot.core.outside_text import one_line
from bot.core.playbook import Playbook
from bot.core.playbook_rules import CheckRule
from bot.core.policy import Service
from bot.core.release_rules import Release
from bot.core.release_validation import BEGIN_VALIDATION
from bot.core.validation import MOST_WORDS, Outcome, Result, Run, counted, gone, is_waited_for, left, verdict_of
from bot.core.validation_forms import ProgressForm, ValidatedForm
from bot.errors import TransientError
from bot.monitors.interface import Monitor
from bot.outside.errands import Report
from bot.outward import DeclinedError
from bot.service import read_conversation
from bot.store.interface import Reader, Record, Store, StoredErrand
from bot.validation.interface import CheckError, Context, Finding, Secrets
from bot.validation.making import check_of

AT_ONCE = 4
"""Checks under way together: their results are told together, and production is not flooded."""


@dataclass(frozen=True)
class _Subject:
    """What an errand is about."""

    release: Release
    run: Run
    policy: Service


@dataclass
class Validations:
    """Does the checks of playbooks. `monitors` by service, then by name."""

    store: Store
    policies: Mapping[str, Service]
    monitors: Mapping[str, Mapping[str, Monitor]]
    clock: Clock
    client: httpx.AsyncClient
    secrets: Secrets
    settling: float = 0.0

    async def do(self, stored: StoredErrand) -> Report:
        """Begin a run, do its next checks, or end it. Raises TransientError while it waits to try again."""
        if stored.errand.kind == BEGIN_VALIDATION:
            return Report("validate")
        subject = await self.store.read(lambda reader: self._subject(reader, stored))
        if subject is None:
            return Report()
        run, now = subject.run, self.clock.now()
        todo = left(run, subject.policy.playbook)
        if not todo and is_waited_for(run, subject.policy.playbook):
            return Report()  # the last answer, or the clock, goes on from there
        if not todo:
            return Report("validated", _end(run))
        due = [name for name, after in todo.items() if after is None or after <= now]
        if not due:
            wait = min(after for after in todo.values() if after is not None) - now
            raise TransientError("A check is tried again later.", wait.total_seconds())
        found = await asyncio.gather(
            *(self._try(subject, name, again=stored.ambiguous) for name in due[:AT_ONCE]),
        )
        return Report("validation_progress", ProgressForm(results=tuple(found), interrupted=stored.ambiguous))

    def refused(self, stored: StoredErrand, error: DeclinedError) -> Report:
        """No check is refused for good: what can't be done is a result."""
        del stored, error
        return Report()

    def _subject(self, reader: Reader, stored: StoredErrand) -> _Subject | None:
        """None where the run has ended, or another has taken its place."""
        record: Record | None = reader.load(stored.errand.conversation)
        policy = self.policies.get(record.service) if record else None
        if record is None or policy is None:
            return None
        release: Release = read_conversation(record)
        run = release.validation
        if run is None or run.ended_at is not None or run.number != stored.errand.payload.get("run"):
            return None
        return _Subject(release, run, policy.at(record.environment))

    async def _try(self, subject: _Subject, name: str, *, again: bool) -> Result:
        playbook, before = subject.policy.playbook, subject.run.result(name)
        rule = playbook.checks.get(name)
        if rule is None:
            return gone(name, self.clock.now())
        if again and not rule.repeatable:
            words = "it was interrupted and may have been sent, so it is not sent again"
            return _result(playbook, name, Finding(Outcome.UNKNOWN, words), self.clock.now(), fault=True)
        loop = asyncio.get_running_loop()
        began = loop.time()
        finding, fault = await self._attempt(subject, rule)
        result = _result(playbook, name, finding, self.clock.now(), fault=fault)
        return counted(result.but(seconds=round(loop.time() - began, 3)), before)

    async def _attempt(self, subject: _Subject, rule: CheckRule) -> tuple[Finding, bool]:
        try:
            async with asyncio.timeout(rule.timeout):
                return await check_of(rule).run(self._context(subject)), False
        except TimeoutError:
            return Finding(Outcome.UNKNOWN, f"no answer within {rule.timeout} s"), False
        except CheckError as error:
            return Finding(Outcome.UNKNOWN, str(error)), error.fault

    def _context(self, subject: _Subject) -> Context:
        mark = (subject.policy.playbook.header, f"{subject.release.id}-{subject.run.number}")
        release = subject.release
        values = {
            "version": release.version,
            "commit": release.approval.commit,
            "environment": release.environment,
            "service": release.service,
        }
        return Context(self.client, self.secrets, self.clock, mark, values, self.monitors.get(subject.policy.name, {}))


def _result(playbook: Playbook, name: str, finding: Finding, at: datetime, *, fault: bool) -> Result:
    return Result(
        name=name,
        title=playbook.title(name),
        outcome=finding.outcome,
        words=one_line(finding.words, MOST_WORDS),
        at=at,
        required=playbook.checks[name].required,
        fault=fault,
    )


def _end(run: Run) -> ValidatedForm:
    return ValidatedForm(
        verdict=verdict_of(run.results),
        results=run.results,
        began_at=run.began_at,
        interruptions=run.interruptions,
    )
