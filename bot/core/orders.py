"""Orders to what a team deploys with: which steps give one, what became of it, and what may be done then.

An order is an errand (bot.outside.orders carries it out). Nothing here says that something is deployed: that is told by
people, or by the deployer where the configuration takes its word.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from bot.core.deployer_rules import OrderKind
from bot.core.dialogue import SAME, Effect, Facts, Situation, Step, Tell
from bot.core.events import Conversation, Errand, Event, Fact
from bot.core.forms import Ask, Form, Paragraph, WebLink, Widget
from bot.core.policy import Service
from bot.core.roles import Role
from bot.errors import Refusal

ORDER, FOLLOW, BEGIN = "order", "follow_order", "begin_rollback"
KINDS = (ORDER, FOLLOW, BEGIN)

Outcome = Literal[
    "asked", "waits", "accepted", "refused", "unknown", "void", "waiting", "running", "succeeded", "failed", "unseen"
]
"""What became of an order.

asked                the errand is given
waits                the deployer can't be reached; it is asked again
accepted             it was taken
refused, void        nothing was started: the deployer would not, or the order was not wanted any more
unknown              it may have been taken, and can't be looked up
waiting, running     its run waits for somebody there, or goes on
succeeded, failed    how the run ended
unseen               its run can't be seen any more
"""

LOUD: frozenset[str] = frozenset({"refused", "unknown", "failed"})
"""What DevOps is told of privately: without somebody, it goes no further."""

ENDED: frozenset[str] = frozenset({"refused", "unknown", "void", "failed", "unseen"})
"""After these the deployer may be asked once more."""


UNDECIDED = frozenset({"canary_paused", "awaiting_decision", "rolling_back"})
LOOKED_AFTER = UNDECIDED | {"awaiting_smoke", "smoke_running", "watching"}
"""States of a release in which the run of an order from before may still change what is live: people have stopped, or
have said that it is deployed before the run's end was seen.
"""


class OrderForm(Form):
    """What is recorded of an order. `event` is the number of the event that gave it."""

    kind: Annotated[OrderKind, Ask("Order")]
    event: Annotated[int, Field(ge=1), Ask("Event", Widget.NUMBER)]
    outcome: Annotated[Outcome, Ask("Outcome")]
    deployer: Annotated[str, Field(max_length=300), Ask("Deployer")]
    reason: Annotated[Paragraph | None, Ask("Reason", Widget.TEXT)] = None
    url: Annotated[WebLink | None, Ask("Link", Widget.LINK)] = None


class OrderState(Fact):
    """The last order of a conversation, as far as it is known: asked for by an event, and since when it stands so."""

    kind: OrderKind
    event: int
    outcome: Outcome
    deployer: str
    asked_at: datetime
    at: datetime
    url: str = ""

    def is_of(self, conversation: Conversation) -> bool:
        """Whether it was given in the conversation's present stage."""
        return self.asked_at >= conversation.since

    def surprises(self, conversation: Any) -> bool:
        """Whether its success changes what is live although people have stopped."""
        return not self.is_of(conversation) and conversation.state in UNDECIDED


def asked(kind: OrderKind) -> Facts:
    """As `facts` of a step: whom it asks, where it asks anybody. What a pipeline reports it does itself."""

    def facts(situation: Situation[Any]) -> dict[str, Any]:
        rule = situation.policy.deployer
        if rule is None or not rule.does(kind) or Role.CI in situation.move.actor.roles:
            return {}
        return {"deployer": rule.name, "order": kind}

    return facts


def with_order(kind: OrderKind, others: Facts) -> Facts:
    """The facts of a step that gives an order, and its others."""
    named = asked(kind)
    return lambda situation: others(situation) | named(situation)


def ordered(conversation: Conversation, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands` of a step with these facts: the order."""
    del policy
    if "order" not in event.data:
        return ()
    payload = {"event": event.number, "kind": event.data["order"]}
    it = conversation.id
    return (Errand(f"{it}:{event.number}:order", ORDER, it, f"order:{it}", payload),)


def giving(effect: Effect | None = None) -> Effect:
    """As `effect` of a step with these facts, around its own: the conversation knows its order."""

    def affected(conversation: Any, event: Event) -> Any:
        changed = effect(conversation, event) if effect else conversation
        if "order" not in event.data:
            return changed
        told = event.data
        state = OrderState(
            kind=told["order"],
            event=event.number,
            outcome="asked",
            deployer=told["deployer"],
            asked_at=event.at,
            at=event.at,
        )
        return changed.but(order=state)

    return affected


def names(kind: OrderKind) -> Callable[[Service], str]:
    """As `warns` of a step: what its button starts."""

    def warns(policy: Service) -> str:
        rule = policy.deployer
        return f"{capitalized(rule.name)} is asked to carry it out." if rule and rule.does(kind) else ""

    return warns


def capitalized(name: str) -> str:
    """A deployer's name at the beginning of a sentence."""
    return name[:1].upper() + name[1:]


def answered_by_machine(conversation: Any, event: Event) -> Any:
    """As `effect` of the notice that it is deployed: from a machine it is the word of how the order ended."""
    order: OrderState | None = conversation.order
    if order is None or order.outcome in ENDED or Role.CI not in event.roles:
        return conversation
    return conversation.but(order=order.but(outcome="succeeded", at=event.at))


# ── what became of it ────────────────────────────────────────────────────────────────────────────────────────────────
def noted(conversation: Any, event: Event) -> Any:
    """As `effect`: the conversation knows how its order stands. One that another followed is told of, and no more."""
    told, last = event.data, conversation.order
    if last is None or last.event != told["event"]:
        return conversation
    state = last.but(outcome=told["outcome"], at=event.at, url=told["url"] or last.url)
    return conversation.but(order=state)


def followed(conversation: Conversation, event: Event, policy: Service) -> tuple[Errand, ...]:
    """As `errands`: an order that was taken is followed, where its deployer can be asked."""
    told = event.data
    if told["outcome"] != "accepted" or policy.deployer is None or policy.deployer.kind == "webhook":
        return ()
    it, payload = conversation.id, {"event": told["event"], "kind": told["kind"], "url": told["url"] or ""}
    return (Errand(f"{it}:{told['event']}:follow", FOLLOW, it, f"follow:{it}:{told['event']}", payload),)


def alarms(conversation: Any, event: Event, policy: Service) -> tuple[Tell, ...]:
    """As `tells`: who goes on by hand hears of it at once; and of a deployment that came through after all."""
    del policy
    outcome, order = event.data["outcome"], conversation.order
    late = outcome == "succeeded" and order is not None and order.surprises(conversation)
    return (Tell((Role.DEVOPS,), f"order {outcome}"),) if outcome in LOUD or late else ()


# ── once more ────────────────────────────────────────────────────────────────────────────────────────────────────────
def may_ask_again(situation: Situation[Any]) -> None:
    """Only what has come to an end without success is asked for once more; twice at a time is never meant."""
    last: OrderState | None = situation.conversation.order
    rule = situation.policy.deployer
    if last is None or rule is None or not rule.does(last.kind):
        raise Refusal("There is nothing that could be asked for again.", remedy="No deployer was asked here.")
    # What people decided since then, they decided knowing of it.
    if last.outcome not in ENDED and last.is_of(situation.conversation):
        raise Refusal(
            f"{capitalized(last.deployer)} was asked already, and nothing says that it failed.",
            remedy="What comes of it is told in the thread.",
            since=last.at,
        )


def asked_again(situation: Situation[Any]) -> dict[str, Any]:
    """As `facts`: the same order, to whatever deployer there is now."""
    return asked(situation.conversation.order.kind)(situation)


# ── the rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def told_row(states: tuple[str, ...]) -> Step:
    """The row of what becomes of an order."""
    return Step(
        "order_told",
        "Deployer",
        states,
        SAME,
        (Role.LINKED,),
        "⚙️ *Order to the deployer*",
        OrderForm,
        button=False,
        effect=noted,
        errands=followed,
        tells=alarms,
    )


def again_row(states: tuple[str, ...]) -> Step:
    """The row of asking once more; typed, as it is needed seldom."""
    return Step(
        "ask_again",
        "Ask the deployer again",
        states,
        SAME,
        (Role.DEVOPS,),
        "🔁 *Asked again*",
        button=False,
        guards=(may_ask_again,),
        facts=asked_again,
        effect=giving(),
        errands=ordered,
    )
