"""The release checklist: its sections and items as a team configures them, and what is ticked.

The default is the QA-DevOps dialogue's "Release Checklist Template". What proves an item in a release is in
bot.core.release_checklist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from bot.core.events import Fact
from bot.core.playbook import CheckName
from bot.core.roles import HeldRole, Role

COMPONENT = "{component}"
"""In an item's text: the item stands once for each of the service's components."""

ItemId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


def _of_one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("is not one line of text")
    return text


# An option of a group of checkboxes holds 75 characters (docs.slack.dev, option object).
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=75), AfterValidator(_of_one_line)
]


class Proof(StrEnum):
    """What a release's steps can prove: the step, and what must be true of its details."""

    STORIES = "approve.stories_tested"
    BUGS = "approve.bugs_fixed"
    REGRESSION = "approve.regression"
    SMOKE = "approve.smoke"
    KNOWN_ISSUES = "approve.known_issues"
    RELEASE_NOTES = "approve.release_notes"
    APPROVED = "approve"
    ROLLBACK_TARGET = "plan.rollback_target"
    NO_MIGRATIONS = "plan.no_migrations"
    NO_CONFIG_CHANGES = "plan.no_config_changes"
    TIME_AGREED = "confirm"
    STARTED = "start"
    COMPONENT = "deployed.components"
    MIGRATION = "deployed.migration"
    HEALTH = "deployed.health_checks"
    DEPLOYED = "deployed"
    SMOKE_PASSED = "smoke_passed"
    VALIDATED = "validated"
    WATCHED = "complete.watched"
    COMPLETED = "complete"


def _listed(given: object) -> object:
    # An item is read by hand below, after which a list of the file is no longer told from one of the code.
    return tuple(given) if isinstance(given, list) else given


class Item(Fact):
    """One line of a checklist. In the configuration its text alone is enough.

    id           what it is called in events; made of its text, unless given
    owner        the role that ticks it; its section's, unless given
    proved_by    the step that ticks it by itself
    checks       the playbook's checks that must have passed, where a validation proves it; all of them, unless given
    gates        the step that waits for it, where the service's gates are on
    signature    it is signed: shown with who did it, and when
    for_commit   False where a tick stays good when the release gets another commit
    """

    text: Text
    id: ItemId = ""
    owner: HeldRole | None = None
    proved_by: Proof | None = None
    checks: Annotated[tuple[CheckName, ...], BeforeValidator(_listed)] = ()
    gates: Literal["start"] | None = None
    signature: bool = False
    for_commit: bool = True

    @model_validator(mode="after")
    def _about_components(self) -> Self:
        if self.proved_by is Proof.COMPONENT and COMPONENT not in self.text:
            raise ValueError(f"is proved for each component, so its text must hold “{COMPONENT}”")
        if self.checks and self.proved_by is not Proof.VALIDATED:
            raise ValueError("names checks, so “proved_by” must be “validated”")
        return self


def _item(given: object) -> object:
    return {"text": given} if isinstance(given, str) else given


class Section(Fact):
    """A part of the checklist. `owner` ticks its items."""

    title: Text
    owner: HeldRole = Role.DEVOPS
    items: tuple[Annotated[Item, BeforeValidator(_item)], ...] = Field(min_length=1, max_length=50)


def _template() -> tuple[Section, ...]:
    """The document's six sections."""

    def item(text: str, proved_by: Proof | None = None, *, owner: Role | None = None, for_commit: bool = True) -> Item:
        return Item(text=text, proved_by=proved_by, owner=owner, for_commit=for_commit)

    def gate(text: str, proved_by: Proof | None = None, *, for_commit: bool = True) -> Item:
        return Item(text=text, proved_by=proved_by, gates="start", for_commit=for_commit)

    return (
        Section(
            title="QA Sign-off",
            owner=Role.QA,
            items=(
                item("All stories tested", Proof.STORIES),
                item("All bugs fixed", Proof.BUGS),
                item("Regression passed", Proof.REGRESSION),
                item("Smoke test passed", Proof.SMOKE),
                item("Known issues documented", Proof.KNOWN_ISSUES),
                item("Release notes prepared", Proof.RELEASE_NOTES),
            ),
        ),
        Section(
            title="QA Approval",
            owner=Role.QA,
            items=(Item(text="QA Engineer", proved_by=Proof.APPROVED, signature=True),),
        ),
        Section(
            title="DevOps Pre-deployment",
            items=(
                gate("Migrations reviewed", Proof.NO_MIGRATIONS),
                gate("Config changes documented", Proof.NO_CONFIG_CHANGES),
                gate("Rollback plan ready", Proof.ROLLBACK_TARGET),
                gate("Monitoring alerts configured", for_commit=False),
                gate("Deployment window confirmed", Proof.TIME_AGREED),
            ),
        ),
        Section(
            title="Deployment",
            items=(
                item(f"{COMPONENT} deployed", Proof.COMPONENT),
                item("Migrations applied", Proof.MIGRATION),
                item("Health checks passed", Proof.HEALTH),
            ),
        ),
        Section(
            title="Post-deployment",
            items=(
                item("QA smoke test passed", Proof.SMOKE_PASSED, owner=Role.QA),
                item("Error rates normal", Proof.WATCHED),
                item("Performance normal", Proof.WATCHED),
                item("Team notified", Proof.DEPLOYED),
            ),
        ),
        Section(
            title="Sign-off", items=(Item(text="DevOps", id="sign-off", proved_by=Proof.COMPLETED, signature=True),)
        ),
    )


class Checklist(Fact):
    """A service's checklist. `gates`: whether items that gate a step hold it while they are open."""

    sections: tuple[Section, ...] = Field(default_factory=_template, max_length=20)
    gates: bool = False

    def lines(self, components: tuple[str, ...]) -> tuple[Line, ...]:
        """Every item as it stands in a release of these components, in order; the first of two with one id counts."""
        found = {line.id: line for section in self.sections for line in _lines(section, components)}
        return tuple(found.values())

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        seen: dict[str, str] = {}
        for item in (item for section in self.sections for item in section.items):
            name = item.id or slug(item.text)
            if name in seen:
                raise ValueError(f"has two items that are called “{name}”; give one of them an “id” of its own")
            seen[name] = item.text
        return self


@dataclass(frozen=True)
class Line:
    """An item as it stands in a release: its owner known, its component filled in."""

    id: str
    text: str
    section: str
    owner: Role
    item: Item
    component: str = ""

    def is_called(self, words: str) -> bool:
        """Whether somebody means it who types its text or its id."""
        return words.strip().casefold() in (self.text.casefold(), self.id)


def _lines(section: Section, components: tuple[str, ...]) -> Iterator[Line]:
    for item in section.items:
        owner, name = item.owner or section.owner, item.id or slug(item.text)
        if COMPONENT not in item.text:
            yield Line(name, item.text, section.title, owner, item)
            continue
        for component in components:
            text = item.text.replace(COMPONENT, component)
            yield Line(f"{name}.{slug(component)}", text, section.title, owner, item, component)


def slug(text: str) -> str:
    """A text as an id: small letters and digits with dashes between them."""
    return re.sub(r"[\W_]+", "-", text.casefold()).strip("-")[:40].strip("-") or "item"


class Mark(Fact):
    """What somebody said of an item by hand: that it is done, or that it is not. `commit` was to be released then."""

    item: str
    text: str
    ticked: bool
    person: str
    name: str
    at: datetime
    commit: str = ""


@dataclass(frozen=True)
class Tick:
    """Why an item is done: by whom and when, by hand or by the step that proved it."""

    person: str
    name: str
    at: datetime
    step: str = ""


@dataclass(frozen=True)
class Entry:
    """An item with its tick, None while it is open."""

    line: Line
    tick: Tick | None

    @property
    def is_open(self) -> bool:
        return self.tick is None


@dataclass(frozen=True)
class Standing:
    """How a release's checklist stands."""

    entries: tuple[Entry, ...] = ()
    gates: bool = False

    @property
    def done(self) -> int:
        return sum(not entry.is_open for entry in self.entries)

    def open_before(self, step: str) -> tuple[Entry, ...]:
        """The open items that a step waits for; none where the service's gates are off."""
        if not self.gates:
            return ()
        return tuple(entry for entry in self.entries if entry.is_open and entry.line.item.gates == step)

    def sections(self) -> dict[str, tuple[Entry, ...]]:
        """The entries by their section's title, in order."""
        titles = dict.fromkeys(entry.line.section for entry in self.entries)
        return {title: tuple(entry for entry in self.entries if entry.line.section == title) for title in titles}

    def get(self, item: str) -> Entry | None:
        """The entry of an item's id."""
        return next((entry for entry in self.entries if entry.line.id == item), None)

    def called(self, words: str) -> Entry | None:
        """The entry that somebody means by its text, its id, or the beginning of one text alone."""
        exact = [entry for entry in self.entries if entry.line.is_called(words)]
        start = words.strip().casefold()
        begun = [entry for entry in self.entries if start and entry.line.text.casefold().startswith(start)]
        return next(iter(exact), None) or (begun[0] if len(begun) == 1 else None)


def markdown(standing: Standing, version: str) -> str:
    """The checklist in the document's own shape, as Markdown: "- [x] Backend deployed"."""
    lines = [f"## Release Checklist: {version}"]
    for title, entries in standing.sections().items():
        lines += ["", f"### {title}"]
        lines += [line for entry in entries for line in _markdown_lines(entry)]
    return "\n".join(lines) + "\n"


def _markdown_lines(entry: Entry) -> Iterator[str]:
    box, tick = "- [ ]" if entry.is_open else "- [x]", entry.tick
    if not entry.line.item.signature:
        yield f"{box} {entry.line.text}"
        return
    yield f"{box} {entry.line.text}: {tick.name if tick else '___________'}"
    yield f"{box} Date: {tick.at.astimezone(UTC).strftime('%Y-%m-%d %H:%M UTC') if tick else '___________'}"
