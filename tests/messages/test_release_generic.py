"""A step that has no words of its own is told from its row and its form: a new step needs no edit in bot.messages."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import pytest

from bot.core.dialogue import SAME, Dialogue, State, Step, Wait
from bot.core.dialogues import DIALOGUES
from bot.core.events import Act, Event
from bot.core.forms import Ask, Entries, Form, Moment, OneLine, Paragraph, UserIds, WebLink, Widget
from bot.core.release import RELEASE
from bot.core.release_forms import ReasonForm
from bot.core.release_rules import Release
from bot.core.roles import Role
from bot.messages import release_card, release_lines, release_outcomes
from bot.messages.generic import generic
from bot.messages.limits import violations
from bot.messages.message import Said
from bot.messages.release import told
from tests.messages.a_spoken_release import DEVOPS, POLICY, QA, START, Talk, buttons, calls, read, words

ALL_WHO_READ_THE_TABLE = (release_card, release_lines, release_outcomes)


class EveryWidget(Form):
    """One field of every kind."""

    line: Annotated[OneLine, Ask("A line")] = "*one* <!channel>"
    text: Annotated[Paragraph, Ask("A text", Widget.TEXT)] = "First\nSecond"
    lines: Annotated[Entries, Ask("Lines", Widget.LINES)] = ("One", "Two")
    number: Annotated[int, Ask("A number", Widget.NUMBER)] = 7
    address: Annotated[WebLink | None, Ask("A link", Widget.LINK)] = None
    choice: Annotated[str, Ask("A choice", Widget.CHOICE, choices={"a": "Apples", "b": "Bread"})] = "b"
    moment: Annotated[Moment, Ask("A moment", Widget.MOMENT)] = START
    people: Annotated[UserIds, Ask("People", Widget.PEOPLE)] = ("UCHARLIE",)
    nothing: Annotated[OneLine | None, Ask("Left empty")] = None


CANARY = State("awaiting_canary", "waiting for the canary to sing", "🐤")
SING = Step(
    "sing",
    "Sing",
    ("awaiting_canary",),
    "scheduled",
    (Role.DEVOPS,),
    "🎵 *Sung*",
    EveryWidget,
    wait=Wait(START - START),
)
HATCH = Step("hatch", "Hatch canary", ("scheduled",), "awaiting_canary", (Role.QA,), "🐣 *Canary hatched*")


@pytest.fixture
def with_canary(monkeypatch: pytest.MonkeyPatch) -> Dialogue[Release]:
    """The release dialogue with a state and two steps that bot.messages has never heard of."""
    dialogue = replace(RELEASE, states=(*RELEASE.states, CANARY), steps=(*RELEASE.steps, HATCH, SING))
    monkeypatch.setitem(DIALOGUES, RELEASE.name, dialogue)
    for module in ALL_WHO_READ_THE_TABLE:
        monkeypatch.setattr(module, "RELEASE", dialogue)
    return dialogue


def taken(step: Step, state: str, form: Form | None = None) -> tuple[Release, Event]:
    """A scheduled release after a made-up step."""
    release = Talk().scheduled().release
    actor = QA if step is HATCH else DEVOPS
    stage = release.stage + (step.to != SAME)
    event = Event(
        conversation=release.id,
        number=release.number + 1,
        dialogue="release",
        step=step.name,
        state=state,
        stage=stage,
        at=START,
        actor=actor.id,
        name=actor.name,
        roles=tuple(actor.roles),
        data=form.model_dump(mode="json") if form else {},
    )
    act = Act(step=step.name, actor=actor.id, name=actor.name, at=START, stage=stage)
    update = {"state": state, "stage": stage, "trail": (*release.trail, act)}
    return release.model_copy(update=update), event


@pytest.mark.usefixtures("with_canary")
def test_a_new_step_is_told_asked_for_and_reminded_of_without_an_edit() -> None:
    """A state and a click that nobody wrote words for have a card, a thread message, a question and a button."""
    release, event = taken(HATCH, CANARY.name)
    (said,) = told(release, event, POLICY)
    assert "🐣 Canary hatched" in words(said.message)
    assert "<@UJANE> — The release is waiting for the canary to sing." in words(said.message)
    assert [button.label for button in buttons(said.message)] == ["Sing"]
    assert "Charlie Wilson · QA" in words(said.message)
    card = release_card.card(release, POLICY)
    assert card.blocks[0]["text"]["text"] == "🐤 Waiting for the canary to sing: v1.2.0"
    assert [button.label for button in buttons(card)] == ["Sing"]


@pytest.mark.usefixtures("with_canary")
def test_every_kind_of_field_is_told_by_its_label() -> None:
    """A form's answers are told as its fields describe them, in their order, escaped; empty ones are left out."""
    form = EveryWidget.from_answers({"address": "https://example.com/a"})
    release, event = taken(SING, "scheduled", form)
    (said,) = told(release, event, POLICY)
    shown = words(said.message)
    for line in (
        "&lt;!channel&gt;",
        "A text\nFirst\nSecond",
        "Lines\n• One\n• Two",
        "A number: 7",
        "A link: <https://example.com/a|https://example.com/a>",
        "A choice: Bread",
        "A moment: 2024-01-16 15:20 UTC",
        "People: <@UCHARLIE>",
    ):
        assert line in shown
    assert "Left empty" not in shown
    assert violations(said.message.blocks) == []


def test_a_sole_text_stands_under_the_steps_line() -> None:
    """The one answer of a form needs no label of its own."""
    talk = Talk().deploying().take("deploy_failed", DEVOPS, {"reason": "The migration timed out"})
    assert "❌ Deployment failed\nThe migration timed out" in words(talk.said[0].message)


@pytest.mark.parametrize("step", RELEASE.steps, ids=lambda step: step.name)
def test_every_row_can_be_told_by_the_generic_path(step: Step) -> None:
    """Also the steps with words of their own could do without: the generic path tells any row."""
    said = _told_generically(step)
    assert step.says.replace("*", "") in words(said[0].message)
    assert violations(said[0].message.blocks) == []
    assert "channel" not in calls(said[0].message)


def _told_generically(step: Step) -> tuple[Said, ...]:
    release = Talk().scheduled().release
    data = {"reason": "<!channel>"} if step.form is ReasonForm else {}
    state = step.to if isinstance(step.to, str) and step.to != SAME else "scheduled"
    event = Event(
        conversation=release.id,
        number=9,
        dialogue="release",
        step=step.name,
        state=state,
        stage=release.stage + 1,
        at=START,
        actor=DEVOPS.id,
        name=DEVOPS.name,
        data=data,
    )
    return generic(release.model_copy(update={"state": state}), event, POLICY)


def test_a_note_changes_nothing_and_asks_nobody() -> None:
    """A note is told with its author, without buttons and without a call."""
    talk = Talk().approved().take("note", DEVOPS, {"text": "Keep an eye on <!here> the queue"})
    (said,) = talk.said
    assert "📝 Note\nKeep an eye on &lt;!here&gt; the queue" in words(said.message)
    assert (buttons(said.message), calls(said.message), said.broadcast) == ([], set(), False)
    assert "Jane Smith · DevOps" in read(said.message)
