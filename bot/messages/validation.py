"""What a validation of production says: one message that is kept up to date while it runs, and one table at its end
(QA Production, actions 2 to 8).
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.events import Event
from bot.core.playbook_feedback import FeedbackRule
from bot.core.policy import Service
from bot.core.release import RELEASE
from bot.core.release_feedback import SEEN, Seen, question_of
from bot.core.release_rules import Release
from bot.core.release_validation import last_results
from bot.core.validation import SEVERITY, Opinion, Outcome, Result, Run, Verdict, is_tried_again, tally
from bot.core.validation_forms import ValidatedForm
from bot.messages import blocks
from bot.messages.generic import begun, finished
from bot.messages.message import Message, Said
from bot.messages.parts import Telling, form_of, paragraph, place, span, version
from bot.messages.references import DONE_ACTION, STEP_ACTION, Reference
from bot.messages.text import clip, escape, moment, visible

MARKS = {
    Outcome.PASS: "✅",
    Outcome.FAIL: "❌",
    Outcome.FLAKY: "🎲",
    Outcome.SKIPPED: "⏭️",
    Outcome.UNKNOWN: "❔",
}
VERDICTS = {
    Verdict.PASSED: "✅ *{place} validated*: {version} passed",
    Verdict.FAILED: "❌ *Validation failed*: {version}",
    Verdict.UNKNOWN: "❔ *Validation without a verdict*: {version} is not known to be good",
}

MOST_LINES = 20
MOST_ROWS = 60
MOST_TOLD = 5
LONGEST_TITLE, LONGEST_WORDS, LONGEST_CELL = 60, 140, 200


# ── while it runs ────────────────────────────────────────────────────────────────────────────────────────────────────
def progress(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """How far it is: a line for each check, what is not done last."""
    del event
    run = release.validation
    assert run is not None, "the event is one of its steps"
    lines = list(_lines(run, policy))
    done = sum(result is not None and not _again(result, policy) for result in map(run.result, run.checks))
    telling = begun(release, f"🧪 *Validating {escape(release.environment)}…*")
    what = f"{place(release)}: {version(release)}"
    heading = f"🧪 *Validating {what}*" if done < len(run.checks) else f"🧪 *Checked {what}*"
    telling.say(f"{heading} · {done} of {len(run.checks)} checks done")
    shown = lines if len(lines) <= MOST_LINES else lines[: MOST_LINES - 1]
    left = len(lines) - len(shown)
    telling.say("\n".join(shown), f"… and {left} more; the table at the end has them all" if left else "")
    interrupted = "It was interrupted, and what was not recorded was begun again." if run.interruptions else ""
    telling.aside(f"Begun by {escape(run.begun_by)} · {moment(run.began_at, 'time')}", interrupted)
    return telling.said()[:1]


def _lines(run: Run, policy: Service) -> Iterator[str]:
    """What is under way first, so that a long list shows it, then what is bad, then the rest."""
    open_first = sorted(run.checks, key=lambda name: _rank(run.result(name), policy))
    for name in open_first:
        result, title = run.result(name), escape(clip(policy.playbook.title(name), LONGEST_TITLE))
        if result is None and isinstance(policy.playbook.checks.get(name), FeedbackRule):
            until = f", until {moment(run.asked_until, 'time')}" if run.asked_until else ""
            yield f"💬 {title}: {len(run.opinions)} of {len(run.asked)} answered{until}"
        elif result is None:
            yield f"⏳ {title}"
        elif _again(result, policy):
            words = escape(clip(visible(result.words), LONGEST_WORDS))
            yield f"🔁 {title}: {words}; it is tried again ({result.tries} of {_tries(result, policy)})"
        else:
            yield f"{MARKS[result.outcome]} {title}: {_told(result)}"


def _rank(result: Result | None, policy: Service) -> int:
    if result is not None and _again(result, policy):
        return -1
    return 3 if result is None else SEVERITY[result.outcome] if result.outcome is not Outcome.PASS else 5


def _again(result: Result, policy: Service) -> bool:
    return is_tried_again(result, policy.playbook.checks.get(result.name))


def _tries(result: Result, policy: Service) -> int:
    rule = policy.playbook.checks.get(result.name)
    return rule.tries if rule else result.tries


def _told(result: Result) -> str:
    words = escape(clip(visible(result.words), LONGEST_WORDS))
    named = "" if result.outcome is Outcome.PASS else f"{result.outcome.words}"
    return ": ".join(part for part in (named, words) if part) or result.outcome.words


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def question(release: Release, policy: Service) -> Message:
    """The private message to somebody who is asked to look, with the buttons that answer it."""
    run, asked = release.validation, question_of(policy.playbook)
    what = f"*{version(release)}* of {escape(release.service)} is live in {escape(release.environment)}"
    telling = Telling(release, f"💬 Please look at {version(release)} of {escape(release.service)}")
    telling.say(f"💬 {what}.", escape(asked[1].question) if asked else "")
    given = {"seen": Seen.OK.value}
    at_once = Reference("release", "feedback", release.id, given=given).write()
    form = Reference("release", "feedback", release.id, given={"seen": Seen.FOUND.value}).write()
    telling.blocks.append(
        blocks.actions(
            blocks.button(SEEN[Seen.OK.value], DONE_ACTION, at_once, style="primary"),
            blocks.button(f"{SEEN[Seen.FOUND.value]}…", f"{STEP_ACTION}feedback", form),
        )
    )
    until = f" · until {moment(run.asked_until)}" if run and run.asked_until else ""
    telling.aside(f"<#{release.channel}>{until}")
    return telling.message()


def feedback(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """What somebody saw."""
    opinion = Opinion.model_validate(event.data["opinion"])
    mark, what = ("❌", "found something") if opinion.found else ("✅", "found nothing")
    telling = begun(release, f"💬 *Feedback from {escape(release.environment)}*")
    telling.say(f"💬 *Feedback from {escape(release.environment)}*: {mark} {escape(opinion.name)} {what}")
    if opinion.words:
        telling.tell(paragraph("", opinion.words))
    return finished(telling, event, policy)


# ── at its end ───────────────────────────────────────────────────────────────────────────────────────────────────────
def validated(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """The verdict, and a row for each check, the worst first."""
    form = form_of(ValidatedForm, event.data)
    verdict = VERDICTS[form.verdict].format(place=place(release), version=version(release))
    telling = begun(release, f"🧪 *{place(release)} validation*")
    telling.say(f"{verdict} · {', '.join(tally(form.results)) or 'nothing was checked'}")
    ordered = sorted(form.results, key=lambda result: SEVERITY[result.outcome])
    rows = [_row(result) for result in ordered[:MOST_ROWS]]
    if rows:
        telling.blocks.append(blocks.table(("Check", "Result", "Time"), rows))
    if form.verdict is Verdict.FAILED and release.state in (back := RELEASE.step("roll_back")).sources:
        telling.say("Please look into it, and decide what it means for the release.")
        telling.offer((back,))
    telling.aside(*_notes(form, event))
    return finished(telling, event, policy)


def reminded(release: Release) -> Iterator[str]:
    """What a private message adds that tells of a failed validation: what failed."""
    results, _ = last_results(release)
    failed = [result for result in results if result.outcome is Outcome.FAIL and result.required]
    for result in failed[:MOST_TOLD]:
        title, words = (escape(clip(visible(text), LONGEST_WORDS)) for text in (result.title, result.words))
        yield f"❌ {title}: {words}"
    if len(failed) > MOST_TOLD:
        yield f"… and {len(failed) - MOST_TOLD} more in the thread"


def card_lines(release: Release, policy: Service) -> Iterator[str]:
    """The validation in short, as the card shows it."""
    run = release.validation
    if run is None:
        return
    if run.verdict is None:
        done = sum(result is not None and not _again(result, policy) for result in map(run.result, run.checks))
        yield f"🧪 Validation under way: {done} of {len(run.checks)} checks done"
        return
    words = {Verdict.PASSED: "passed", Verdict.FAILED: "failed", Verdict.UNKNOWN: "without a verdict"}[run.verdict]
    yield f"🧪 Validation {words}: {', '.join(tally(run.results))}"


def _row(result: Result) -> tuple[str, str, str]:
    """Narrow enough to be read in a thread without scrolling."""
    title = clip(visible(result.title), LONGEST_TITLE)
    words = f"{result.outcome.words}: {visible(result.words)}" if result.words else result.outcome.words
    shown = f"{MARKS[result.outcome]} {title}"
    return (
        shown if result.required else f"{shown} (for information)",
        clip(words, LONGEST_CELL),
        _seconds(result),
    )


def _seconds(result: Result) -> str:
    if not result.tries:
        return ""
    told = f"{result.seconds * 1000:,.0f} ms" if result.seconds < 1 else f"{result.seconds:,.1f} s"
    return told if result.tries == 1 else f"{told}, try {result.tries}"


def _notes(form: ValidatedForm, event: Event) -> Iterator[str]:
    """What the table does not say."""
    took = event.at - form.began_at
    yield f"It took {span(took)}." if took.total_seconds() >= 60 else f"It took {took.total_seconds():.0f} seconds."
    if any(result.outcome is Outcome.UNKNOWN for result in form.results):
        yield "What is not known counts as neither good nor bad: please look yourselves."
    if any(result.outcome is Outcome.FLAKY for result in form.results):
        yield "Flaky: it failed, and passed when it was tried again."
    if form.interruptions:
        yield "It was interrupted, and what was not recorded was begun again."
