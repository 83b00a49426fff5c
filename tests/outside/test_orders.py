"""An order leads to one deployment at most, whatever becomes of its answer; and what is not known is said to be so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import HttpUrl, SecretStr

from bot.clock import MovableClock
from bot.core.deployer_rules import ArgoRule, DeployerRule, WebhookRule, WorkflowRule
from bot.core.dialogue import Move
from bot.core.forms import Form
from bot.core.orders import KINDS
from bot.core.policy import Service
from bot.core.roles import Actor
from bot.deployers.choose import DeployerSecrets, deployer_for
from bot.outside.errands import Errands
from bot.outside.orders import Orders
from bot.service import Opening, open_conversation, take_step
from bot.store.interface import Transaction
from bot.store.sqlite import SQLiteStore
from tests.core.a_release import DEVOPS, POLICY, QA, START, TECH_LEAD, approval, deployed, plan, start
from tests.deployers.fakes import FakeActions, FakeArgo, FakeReceiver
from tests.trackers.fakes import TOKEN, serving

AnyFake = FakeActions | FakeArgo | FakeReceiver
SECRETS = DeployerSecrets.model_construct(
    github_token=SecretStr(TOKEN), argocd_token=SecretStr(TOKEN), webhook_secret=SecretStr(TOKEN)
)
CARRIED_OUT = ("silence", "lost")
"""The faults that come after the order was carried out."""


def rule_of(fake: AnyFake) -> DeployerRule:
    if isinstance(fake, FakeActions):
        url = HttpUrl(fake.api)
        return WorkflowRule(kind="github_actions", repository="acme/shop", workflow="deploy.yml", url=url)
    if isinstance(fake, FakeArgo):
        return ArgoRule(kind="argocd", url=HttpUrl(fake.url), application="shop")
    return WebhookRule(kind="webhook", url=HttpUrl(f"{fake.url}/orders"))


def carried_out(fake: AnyFake) -> int:
    """How many deployments were begun."""
    if isinstance(fake, FakeActions):
        return len(fake.runs)
    return len(fake.syncs) if isinstance(fake, FakeArgo) else len(fake.orders)


class Bench:
    """A store with a scheduled release, the errands of its orders, and a clock that is moved by hand."""

    def __init__(self, store: SQLiteStore, client: httpx.AsyncClient, policy: Service) -> None:
        self.store, self.client = store, client
        self.clock = MovableClock(START, running=False)
        self.policies = {policy.name: policy}
        self.errands = self.process()

    def process(self) -> Errands:
        """A process with these errands; another one on the same database with each call."""
        orders = Orders(self.store, self.policies, self._deployer, self.clock)
        self.errands = Errands(self.store, self.policies, dict.fromkeys(KINDS, orders), self.clock)
        self.errands.start()
        return self.errands

    def _deployer(self, rule: DeployerRule) -> Any:
        return deployer_for(rule, self.client, SECRETS, self.clock.now)

    async def scheduled(self, release: str = "r1", service: str = POLICY.name) -> None:
        opening, policy = Opening(release, "release", "production", "v1.2.0"), self.policies[service]

        def intent(tx: Transaction) -> None:
            open_conversation(tx, opening, Move("approve", QA, approval()), policy, release, self.clock.now())

        await self.store.write(intent)
        await self.take("cosign", TECH_LEAD, release=release)
        await self.take("plan", DEVOPS, plan(START + timedelta(minutes=10)), release)
        await self.take("confirm", QA, release=release)

    async def take(self, step: str, actor: Actor, form: Form | None = None, release: str = "r1") -> None:
        move = Move(step, actor, form)
        await self.store.write(lambda tx: take_step(tx, release, move, self.policies, "", self.clock.now()))
        self.errands.wake()

    async def started(self, release: str = "r1") -> None:
        await self.take("start", DEVOPS, start(), release)

    async def done(self) -> None:
        await asyncio.wait_for(self.errands.idle(), 20)

    async def later(self, seconds: float) -> None:
        self.clock.move_by(timedelta(seconds=seconds))
        await self.done()

    async def outcomes(self, release: str = "r1") -> list[str]:
        events = await self.store.read(lambda reader: reader.events(release))
        return [event.data["outcome"] for event in events if event.step == "order_told"]

    async def crash(self) -> None:
        """The process is gone, wherever it was."""
        task = self.errands._task
        assert task is not None
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(params=[FakeActions, FakeArgo, FakeReceiver], ids=["github", "argo", "webhook"])
async def fake(request: pytest.FixtureRequest) -> AsyncIterator[AnyFake]:
    one: AnyFake = request.param()
    async with serving(one):
        yield one


@pytest.fixture
async def bench(fake: AnyFake, tmp_path: Path) -> AsyncIterator[Bench]:
    store = await asyncio.to_thread(SQLiteStore, tmp_path / "x.db")
    async with httpx.AsyncClient(trust_env=False, timeout=0.3) as client:
        one = Bench(store, client, POLICY.model_copy(update={"deployer": rule_of(fake)}))
        await one.scheduled()
        yield one
        await one.errands.stop(0)
    await store.close()


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("fault", ["silence", "hang", "lost", "reset", "trouble", "limit", "forbidden", "page"])
async def test_whatever_becomes_of_the_answer_there_is_one_deployment_at_most(
    bench: Bench, fake: AnyFake, fault: Any, times: int
) -> None:
    """And what is told of it is true: taken means one, refused means none; unknown is said where it can't be seen."""
    fake.faults = [fault] * times
    await bench.started()
    await bench.done()
    for _ in range(15):
        await bench.later(60)
    told = [outcome for outcome in await bench.outcomes() if outcome not in ("waits", "running", "unseen")]
    begun = carried_out(fake)
    assert len(told) == 1
    assert begun <= 1
    assert told == ["accepted"] if begun else told in (["refused"], ["unknown"])
    if isinstance(fake, FakeActions) and fault in ("hang", "reset", "trouble"):
        assert told == ["unknown"]


@pytest.mark.parametrize("fault", ["silence", "hang"])
async def test_a_process_that_died_over_the_answer_leaves_one_deployment_at_most(
    bench: Bench, fake: AnyFake, fault: Any
) -> None:
    """The next process looks; what can't be seen on GitHub is left to people, the others are asked again."""
    fake.faults = [fault]
    await bench.started()
    await asyncio.wait_for(fake.stuck.wait(), 5)
    await bench.crash()
    bench.process()
    await bench.done()
    asked = len(fake.asked)
    await bench.later(29)
    assert len(fake.asked) == asked  # a run appears a little later than its order was taken: not asked too soon
    await bench.later(2)
    begun = 0 if fault == "hang" and isinstance(fake, FakeActions) else 1
    assert carried_out(fake) == begun
    assert (await bench.outcomes())[0] == ("accepted" if begun else "unknown")


async def test_a_process_that_died_before_it_asked_asks_in_time_or_not_at_all(bench: Bench, fake: AnyFake) -> None:
    """Nothing was marked as begun, so nothing can have been done."""
    await bench.crash()
    await bench.started()
    bench.clock.move_by(timedelta(minutes=11))
    bench.process()
    await bench.done()
    assert carried_out(fake) == 0
    assert await bench.outcomes() == ["refused"]


async def test_an_order_that_is_told_of_twice_is_given_once(bench: Bench, fake: AnyFake) -> None:
    """A click that Slack delivers again is known by its delivery."""

    def intent(tx: Transaction) -> None:
        take_step(tx, "r1", Move("start", DEVOPS, start()), bench.policies, "view:1", bench.clock.now())

    for _ in range(3):
        await bench.store.write(intent)
    bench.errands.wake()
    await bench.done()
    assert carried_out(fake) == 1


async def test_what_may_have_been_taken_is_not_given_again_once_the_release_has_moved_on(
    bench: Bench, fake: AnyFake
) -> None:
    """People deployed by hand while nobody knew; even where asking twice does no harm, now it would."""
    fake.faults = ["reset"]
    await bench.started()
    await bench.done()
    await bench.take("deployed", DEVOPS, deployed())
    await bench.later(60)
    assert carried_out(fake) == 0
    assert await bench.outcomes() == ["unknown"]


async def test_a_refusal_after_a_lost_answer_is_not_taken_for_a_no(bench: Bench, fake: AnyFake) -> None:
    """The first try may have been taken, whatever is said to the second."""
    fake.faults, fake.reading_faults = ["lost", "unauthorized"], ["unauthorized"]
    await bench.started()
    await bench.done()
    await bench.later(60)
    assert carried_out(fake) == 1
    assert await bench.outcomes() == ["unknown"]


async def test_a_service_that_has_no_deployer_any_more_orders_nothing(bench: Bench, fake: AnyFake) -> None:
    """The configuration changed between the click and the order."""
    await bench.crash()
    await bench.started()
    [name] = bench.policies
    bench.policies[name] = bench.policies[name].model_copy(update={"deployer": None})
    bench.process()
    await bench.done()
    assert carried_out(fake) == 0
    assert await bench.outcomes() == ["void"]


async def test_a_pause_that_a_deployer_asks_for_is_kept_by_every_order_to_it(bench: Bench, fake: AnyFake) -> None:
    """Another service's order as well; it is told why it waits, and both are given when the pause is over."""
    [policy] = bench.policies.values()
    bench.policies["billing"] = policy.model_copy(update={"name": "billing"})
    await bench.scheduled("r2", "billing")
    fake.faults = ["limit"]
    await bench.started()
    await bench.done()
    assert len(fake.asked) == 1
    await bench.started("r2")
    await bench.done()
    await bench.later(18)
    assert len(fake.asked) == 1
    assert [await bench.outcomes(release) for release in ("r1", "r2")] == [["waits"], ["waits"]]
    await bench.later(3)
    assert fake.asked.count(fake.asked[0]) == 3
    told = [(await bench.outcomes(release))[1] for release in ("r1", "r2")]
    assert told == ["accepted"] * 2 or isinstance(fake, FakeArgo)  # one application takes one operation at a time
    assert "accepted" in told


async def test_another_deployer_is_asked_while_one_wants_a_pause(bench: Bench, fake: AnyFake) -> None:
    """The pause is one site's own."""
    async with serving(other := FakeReceiver()):
        [policy] = bench.policies.values()
        bench.policies["billing"] = policy.model_copy(update={"name": "billing", "deployer": rule_of(other)})
        await bench.scheduled("r2", "billing")
        fake.faults = ["limit"]
        await bench.started()
        await bench.done()
        await bench.started("r2")
        await bench.done()
        assert (len(fake.asked), carried_out(other)) == (1, 1)


@pytest.mark.parametrize("pause", [3_600, 10**30])
async def test_a_pause_beyond_the_orders_own_time_is_told_when_that_is_over(
    bench: Bench, fake: AnyFake, pause: int
) -> None:
    """Nobody waits an hour, or an age of the world, to hear that nothing was started."""
    fake.faults, fake.pause = ["limit"], pause
    await bench.started()
    await bench.done()
    await bench.later(595)
    assert await bench.outcomes() == ["waits"]
    await bench.later(10)
    assert (await bench.outcomes(), carried_out(fake)) == (["waits", "refused"], 0)
