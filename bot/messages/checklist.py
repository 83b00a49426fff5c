"""The checklist of a release as people see it: a line on the card, a form to tick, the whole of it to read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.checklist import Entry, Mark, Standing, Tick, markdown
from bot.core.events import Event
from bot.core.policy import Service
from bot.core.release import CHECKABLE, RELEASE
from bot.core.release_checklist import may_tick, standing
from bot.core.release_rules import Release
from bot.core.roles import Role
from bot.core.surroundings import BEFORE_DEPLOYING
from bot.messages import blocks
from bot.messages.generic import begun, finished
from bot.messages.limits import in_one
from bot.messages.message import Block, Message, Said
from bot.messages.parts import Passage, Telling, packed, utc, version
from bot.messages.references import ANSWER, CHECKLIST_ACTION, CHECKLIST_CALLBACK, Reference
from bot.messages.text import clip, escape, moment

GROUP, CELL = 10, 75
"""Options of a group of checkboxes, and characters of one (docs.slack.dev, checkboxes and option object)."""

MOST_ITEMS = 120
"""A form shows so many items: each may take 2,000 of its 250,000 bytes, and a section's worth one of its 100 blocks."""

NAMED = 3
"""So many open items are named on the card; the rest are counted."""


# ── the card and the thread ──────────────────────────────────────────────────────────────────────────────────────────
def line(release: Release, policy: Service) -> str:
    """“☑️ Checklist 14/21 · open before the deployment: Migrations reviewed”; empty where there is no checklist."""
    now = standing(release, policy)
    if not now.entries:
        return ""
    waiting = now.open_before("start") if release.state in BEFORE_DEPLOYING else ()
    names = ", ".join(escape(entry.line.text) for entry in waiting[:NAMED])
    more = f" and {len(waiting) - NAMED} more" if len(waiting) > NAMED else ""
    held = f" · open before the deployment: {names}{more}" if waiting else ""
    return f"{'✅' if now.done == len(now.entries) else '☑️'} *Checklist* {now.done}/{len(now.entries)}{held}"


def on_card(release: Release, policy: Service) -> tuple[Block, ...]:
    """The checklist's place on the card: how it stands, and the button that opens it."""
    text = line(release, policy)
    button = open_button(release) if release.state in CHECKABLE else None
    return (blocks.section(text, button),) if text else ()


def open_button(release: Release) -> Block:
    return blocks.button("Checklist", CHECKLIST_ACTION, Reference("release", "checklist", release.id).write())


def told(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """What was ticked or opened again, and how the checklist stands after it."""
    marks = [Mark.model_validate(entry) for entry in event.data["marks"]]
    telling = begun(release, RELEASE.step(event.step).says)
    for says, wanted in (("☑️ *Ticked*", True), ("⬜ *Open again*", False)):
        texts = tuple(mark.text for mark in marks if mark.ticked is wanted)
        if len(texts) == 1:
            telling.say(f"{says}: {escape(texts[0])}")
        else:
            telling.tell(Passage(says, texts))
    telling.say(line(release, policy))
    return finished(telling, event, policy, asked=True)


def opened_again(event: Event) -> Iterator[str]:
    """What a revision opened again, in the thread."""
    if texts := event.data.get("unticked", []):
        yield f"⬜ Open again on the checklist: {', '.join(map(escape, texts))}."


# ── all of it ────────────────────────────────────────────────────────────────────────────────────────────────────────
def shown(release: Release, policy: Service) -> Message:
    """The whole checklist, to read; with the button that opens it where it can be ticked."""
    now = standing(release, policy)
    telling = Telling(release, f"Checklist of {version(release)}")
    telling.say(f"*Release Checklist: {version(release)}*", _count(now))
    for title, entries in now.sections().items():
        for text in packed((f"*{escape(title)}*", *(_shown(entry) for entry in entries))):
            telling.say(text)
    if release.state in CHECKABLE and now.entries:
        telling.blocks.append(blocks.actions(open_button(release)))
    return in_one(telling.message())


def shown_as_markdown(release: Release, policy: Service) -> Message:
    """The checklist in the document's own shape, to copy."""
    parts = tuple(map(blocks.preformatted, packed(markdown(standing(release, policy), release.version).splitlines())))
    return in_one(Message(f"Checklist of {version(release)}", parts))


def _count(now: Standing) -> str:
    return f"{now.done} of {len(now.entries)} done" if now.entries else "This service has no checklist."


def _shown(entry: Entry) -> str:
    text, tick = escape(entry.line.text), entry.tick
    if tick is None:
        return f"⬜ {text} · {entry.line.owner.label}"
    return f"✅ {text} · {escape(clip(tick.name, 30))} {moment(tick.at)}{_proof(tick)}"


def _by(entry: Entry) -> str:
    """Who ticked an item and when, in plain text: "Jane Smith, 2024-01-16 16:05 UTC (Deployed)"."""
    tick = entry.tick
    return f"{clip(tick.name, 30)}, {utc(tick.at)}{_proof(tick)}" if tick else ""


def _proof(tick: Tick) -> str:
    """The step that ticked it by itself: " (Deployed)"; empty where it was ticked by hand."""
    return f" ({RELEASE.step(tick.step).label})" if tick.step else ""


# ── the form ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def form(release: Release, policy: Service, roles: frozenset[Role], now: datetime) -> Block:
    """The checklist as a form: checkboxes for what is the reader's to tick, and the rest of it to read."""
    standing_now = standing(release, policy)
    parts: list[Block] = [blocks.context(f"{escape(policy.title)} · {_count(standing_now)}")]
    shown = Standing(standing_now.entries[:MOST_ITEMS])
    for number, (title, entries) in enumerate(shown.sections().items()):
        parts += _section(number, title, entries, roles)
    if left := len(standing_now.entries) - len(shown.entries):
        parts.append(blocks.context(f"⚠️ This form can't hold {left} more items: tick them in the thread, by name."))
    can_tick = any(part["type"] == "input" for part in parts)
    reference = Reference("release", "checklist", release.id).write()
    title = f"Checklist {release.version}"
    view: Block = {
        "type": "modal",
        "callback_id": CHECKLIST_CALLBACK,
        "title": blocks.plain(title if len(title) <= 24 else "Checklist", 24),
        "close": blocks.plain("Close", 24),
        "private_metadata": json.dumps({"reference": reference, "seen_at": now.isoformat()}),
        "blocks": parts,
    }
    return view | ({"submit": blocks.plain("Save", 24)} if can_tick else {})


def _section(number: int, title: str, entries: tuple[Entry, ...], roles: frozenset[Role]) -> Iterator[Block]:
    mine = [entry for entry in entries if may_tick(roles, entry.line)]
    for group, start in enumerate(range(0, len(mine), GROUP)):
        label = f"{title}, continued" if group else title
        yield _group(f"checklist:{number}:{group}", label, mine[start : start + GROUP])
    others = [_shown(entry) for entry in entries if entry not in mine]
    heading = () if mine else (f"*{escape(title)}*",)
    yield from (blocks.section(text) for text in packed((*heading, *others))) if others else ()


def _group(block_id: str, label: str, entries: list[Entry]) -> Block:
    options = {entry.line.id: _option(entry) for entry in entries}
    ticked = [options[entry.line.id] for entry in entries if not entry.is_open]
    boxes = blocks.element("checkboxes", ANSWER, options=list(options.values()), initial_options=ticked)
    return blocks.input_block(block_id, label, boxes, optional=True)


def _option(entry: Entry) -> Block:
    return blocks.option(entry.line.text, entry.line.id, clip(_by(entry), CELL))


@dataclass(frozen=True)
class Submitted:
    """A form that was sent: what was ticked and unticked in it, by items' ids, and when it was opened."""

    reference: Reference
    ticked: tuple[str, ...]
    unticked: tuple[str, ...]
    seen_at: str

    @property
    def answers(self) -> dict[str, Any]:
        return {"ticked": list(self.ticked), "unticked": list(self.unticked), "seen_at": self.seen_at}


def submitted(view: Mapping[str, Any]) -> Submitted:
    """What somebody changed in the form: the difference to what it showed them."""
    metadata = json.loads(view["private_metadata"])
    shown: set[str] = set()
    chosen: set[str] = set()
    for block in view["blocks"]:
        if block["type"] == "input":
            shown.update(_values(block["element"].get("initial_options", ())))
            answer = view["state"]["values"].get(block["block_id"], {}).get(ANSWER, {})
            chosen.update(_values(answer.get("selected_options", ())))
    ticked, unticked = tuple(sorted(chosen - shown)), tuple(sorted(shown - chosen))
    return Submitted(Reference.read(metadata["reference"]), ticked, unticked, metadata["seen_at"])


def _values(options: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    return (option["value"] for option in options)
