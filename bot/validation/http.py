"""HTTP checks against live endpoints (QA Production, action 2; DevOps engineer, "Health Checks")."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

from bot.core.playbook_rules import HttpRule
from bot.core.validation import Outcome
from bot.validation.documents import Missing, at_path, parsed, shown
from bot.validation.interface import Context, Finding
from bot.validation.requests import Answer, ask


@dataclass(frozen=True)
class HttpCheck:
    """An endpoint answers as its rule says."""

    rule: HttpRule

    async def run(self, context: Context) -> Finding:
        loop = asyncio.get_running_loop()
        began = loop.time()
        rule = self.rule
        answer = await ask(
            context, rule, context.address(rule.url), timeout=rule.timeout, method=rule.method, content=rule.body
        )
        took = round((loop.time() - began) * 1000)
        wrong = self._wrong(context, answer, took)
        if wrong:
            return Finding(Outcome.FAIL, "; ".join(wrong))
        return Finding(Outcome.PASS, f"{answer.status} in {took:,} ms")

    def _wrong(self, context: Context, answer: Answer, took: int) -> list[str]:
        rule = self.rule
        if answer.status != rule.status:
            return [f"answered {answer.status} instead of {rule.status}"]
        found = self._wrong_fields(context, answer)
        contains = context.filled(rule.contains or "")
        if contains not in answer.body.decode(errors="replace"):
            found.append(f"“{contains}” is not in the answer")
        if rule.within is not None and took > rule.within:
            found.append(f"took {took:,} ms, and may take {rule.within:,}")
        return found

    def _wrong_fields(self, context: Context, answer: Answer) -> list[str]:
        if not self.rule.fields:
            return []
        document = parsed(answer.body)
        found = []
        for path, given in self.rule.fields.items():
            expected = context.filled(given) if isinstance(given, str) else given
            value = at_path(document, path)
            if isinstance(value, Missing):
                found.append(f"there is no {path} in the answer")
            elif value != expected or isinstance(value, bool) is not isinstance(expected, bool):
                found.append(f"{path} is {shown(value)} instead of {json.dumps(expected, ensure_ascii=False)}")
        return found
