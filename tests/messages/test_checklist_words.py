"""The checklist as it is shown: its form and its text, whatever a team writes into it."""

from __future__ import annotations

import pytest

from bot.core.checklist import Checklist, Item, Section
from bot.core.policy import Service
from bot.core.roles import Actor, Role
from bot.messages.checklist import form, line, shown, shown_as_markdown
from bot.messages.limits import view_violations, violations
from playground.slack.block_rules import check_message_blocks, check_view
from tests.messages.a_spoken_release import DEVOPS, POLICY, QA, Talk, calls
from tests.messages.kept import hold, hold_view
from tests.messages.test_release_hostile import SORTS, long


def longest(text: str) -> Service:
    """Twenty sections of fifty items, each as long as it may be."""

    def section(number: int) -> Section:
        words = long(text, 60).replace("\u202e", "")
        items = tuple(
            Item(text=f"{number} {item} {words}", id=f"i{number}-{item}", gates="start") for item in range(50)
        )
        return Section(title=f"{number} {words}", items=items)

    return POLICY.model_copy(update={"checklist": Checklist(sections=tuple(map(section, range(20))), gates=True)})


def test_the_checklist_is_shown_as_kept() -> None:
    talk = Talk().scheduled().take("tick", DEVOPS, {"items": ["Migrations reviewed"]})
    hold_view("checklist/form_of_devops", form(talk.release, talk.policy, DEVOPS.roles, talk.now))
    hold_view("checklist/form_of_nobody", form(talk.release, talk.policy, frozenset(), talk.now))
    hold("checklist/shown", shown(talk.release, talk.policy))
    hold("checklist/markdown", shown_as_markdown(talk.release, talk.policy))


@pytest.mark.parametrize("text", SORTS.values(), ids=SORTS)
def test_the_longest_checklist_stays_within_slacks_limits(text: str) -> None:
    """In the form, in the thread, to copy, and on the card."""
    talk = Talk(longest(text)).approved()
    devops = Actor(DEVOPS.id, long(text, 80), DEVOPS.roles)
    talk.take("checklist", devops, {"ticked": [f"i{number}-{item}" for number in range(2) for item in range(50)]})
    for roles in (DEVOPS.roles, frozenset({Role.QA})):
        view = form(talk.release, talk.policy, roles, talk.now)
        assert view_violations(view) == []
        check_view(view)
    for message in (
        *(shown(talk.release, talk.policy), shown_as_markdown(talk.release, talk.policy), talk.card),
        *(said.message for said in talk.said),
    ):
        assert violations(message.blocks) == []
        check_message_blocks(list(message.blocks))


def test_hostile_items_ping_nobody() -> None:
    talk = Talk(longest(SORTS["hostile"])).approved()
    assert calls(shown(talk.release, talk.policy), shown_as_markdown(talk.release, talk.policy)) == set()
    assert calls(talk.card) <= {QA.id, "UTANIA"}


def test_the_card_names_a_few_of_the_open_items_and_counts_the_rest() -> None:
    talk = Talk(POLICY.model_copy(update={"checklist": Checklist(gates=True)})).signed()
    assert line(talk.release, talk.policy) == (
        "☑️ *Checklist* 7/21 · open before the deployment: Migrations reviewed, Config changes documented, "
        "Rollback plan ready and 2 more"
    )
