"""The watch at size: 200 services are watched at once, and the test that compares them is asked how often it errs.

    python benchmarks/watch.py                 # about two minutes
    python benchmarks/watch.py --watches 50    # fewer simulated watches

The monitor is a small server in a process of its own that answers every query after 5 ms, as a Prometheus nearby does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
from aiohttp import web

from bot.alerts import Alerts
from bot.clock import SystemClock
from bot.conversations import Conversations
from bot.core.comparison import RISK, Comparison, compare, regressed
from bot.core.events import Act, Event
from bot.core.policy import Service
from bot.core.release_forms import ApprovalForm
from bot.core.release_rules import Release
from bot.core.signals import Sample, Samples, Signal, Unit
from bot.monitors.making import MonitorSecrets, monitors_of
from bot.store.interface import Transaction
from bot.store.sqlite import SQLiteStore
from bot.watch import Watch

SERVICES, SIGNALS, SECONDS = 200, ("errors", "latency", "traffic", "saturation"), 65
PORT = 9471
Values = npt.NDArray[np.float64]


# ── 200 services ─────────────────────────────────────────────────────────────────────────────────────────────────────
def serve() -> None:
    """A monitor that measures the same everywhere."""

    async def answer(request: web.Request) -> web.Response:
        asked = await request.post()
        await asyncio.sleep(0.005)
        start, end, step = (float(str(asked[name])) for name in ("start", "end", "step"))
        values = [[moment, "0.1"] for moment in np.arange(start, end + 0.001, step)]
        result = [{"metric": {}, "values": values}]
        return web.json_response({"status": "success", "data": {"resultType": "matrix", "result": result}})

    application = web.Application()
    application.router.add_post("/api/v1/query_range", answer)
    web.run_app(application, host="127.0.0.1", port=PORT, print=None)


def services() -> dict[str, Service]:
    signals = {name: {"query": f"bench_{name}"} for name in SIGNALS}
    monitors = {"prometheus": {"url": f"http://127.0.0.1:{PORT}"}}
    return {
        name: Service.model_validate_json(
            json.dumps({"name": name, "channels": ["C0BENCH"], "signals": signals, "monitors": monitors})
        )
        for name in (f"service-{number}" for number in range(SERVICES))
    }


def fill(tx: Transaction, now: datetime) -> None:
    approval = ApprovalForm(
        version="v1.0.0",
        sprint="Sprint 1",
        commit="abc123",
        stories_tested=1,
        stories_total=1,
        bugs_found=0,
        bugs_fixed=0,
        regression="passed",
        smoke="passed",
        changes=("STORY-1",),
        known_issues=("None",),
        rollback_threshold=">5%",
    ).model_dump(mode="json")
    for number in range(SERVICES):
        # Deployed at different times, so that some are compared while it is measured.
        ended = now - timedelta(minutes=number % 40)
        release = Release(
            id=f"bench-{number}",
            dialogue="release",
            service=f"service-{number}",
            environment="production",
            version="v1.0.0",
            channel="C0BENCH",
            opened_at=now,
            opened_by="U0BENCH",
            state="watching",
            since=now,
            number=1,
            stage=1,
            forms={"approve": approval, "deployed": {"finished_at": ended.isoformat(), "duration": 5}},
            trail=(Act(step="deployed", actor="U0BENCH", name="Bench", at=ended, stage=1),),
        )
        tx.save(release, is_open=True)
        tx.append(
            Event(
                conversation=release.id,
                number=1,
                dialogue="release",
                step="deployed",
                state="watching",
                stage=1,
                at=ended,
                actor="U0BENCH",
                name="Bench",
            )
        )


@dataclass(frozen=True)
class Cost:
    """What watching cost: the processor's share, memory added in MB, looks made, and the latest look in seconds."""

    processor: float
    memory: float
    looks: int
    latest: float


async def watch_all(folder: Path) -> Cost:
    clock, policies = SystemClock(), services()
    store = await asyncio.to_thread(SQLiteStore, folder / "bench.db", budget=60.0)
    await store.write(lambda tx: fill(tx, clock.now()))
    monitors = monitors_of(policies, MonitorSecrets())
    conversations = Conversations(store, policies, None, clock, lambda _: None)  # type: ignore[arg-type]  # nobody is looked up
    watch = Watch(store, conversations, monitors.by_service, clock, Alerts(conversations))
    memory, began, used = resident(), time.monotonic(), time.process_time()
    watch.start()
    await asyncio.sleep(SECONDS)
    spent, took = time.process_time() - used, time.monotonic() - began
    cost = Cost(spent / took, resident() - memory, watch.looks, watch.latest.total_seconds())
    await watch.stop()
    await monitors.close()
    await store.close()
    return cost


def resident() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# ── how often the test errs ──────────────────────────────────────────────────────────────────────────────────────────
LATENCY = Signal(query="x", unit=Unit.SECONDS, warning=0.5, critical=1)
LOOKS = (10, 15, 20, 30, 60, 90, 120)


def correlated(chance: np.random.Generator, count: int, correlation: float) -> Values:
    """Noise whose neighbours resemble each other: an autoregressive series."""
    fresh = chance.normal(size=count) * np.sqrt(1 - correlation**2)
    made = np.empty(count)
    made[0] = chance.normal()
    for place in range(1, count):
        made[place] = correlation * made[place - 1] + fresh[place]
    return made


def moving(chance: np.random.Generator, count: int) -> Values:
    """Noise as a rate over five minutes has it, asked for every 30 seconds."""
    averaged: Values = np.convolve(chance.exponential(size=count + 9), np.ones(10) / 10, "valid")
    unlike: Values = (averaged - 1) * np.sqrt(10)
    return unlike


NOISES: dict[str, Callable[[np.random.Generator], Values]] = {
    "independent values": lambda chance: 0.2 + 0.03 * chance.normal(size=480),
    "correlation 0.5": lambda chance: 0.2 + 0.03 * correlated(chance, 480, 0.5),
    "correlation 0.8": lambda chance: 0.2 + 0.03 * correlated(chance, 480, 0.8),
    "a rate over 5 minutes": lambda chance: 0.2 + 0.03 * moving(chance, 480),
    "heavy tails": lambda chance: 0.2 * np.exp(0.4 * chance.normal(size=480)),
}


def one_watch(noise: Callable[[np.random.Generator], Values], seed: int, worse: float) -> int | None:
    """Two hours before and two hours after, four signals; the minute at which a regression was told."""
    chance = np.random.default_rng(seed)
    series = [noise(chance) for _ in SIGNALS]
    series[0][240:] *= worse
    for look, minutes in enumerate(LOOKS, 1):
        found: dict[str, Comparison] = {}
        for name, values in zip(SIGNALS, series, strict=True):
            one = compare(LATENCY, samples(values[:240]), samples(values[250 : 240 + 2 * minutes]))
            if one is not None:
                found[name] = one
        if regressed(found, look):
            return minutes
    return None


START = datetime(2024, 1, 16, tzinfo=UTC)


def samples(values: Values) -> Samples:
    return tuple(Sample(START + timedelta(seconds=30 * place), float(value)) for place, value in enumerate(values))


def error_rates(watches: int) -> Iterator[str]:
    yield f"{watches} simulated watches a line, four signals, {len(LOOKS)} looks; the risk taken is {RISK:.0%} a watch"
    yield f"{'noise':24}{'false alarms':>14}{'+15 % missed':>14}{'+30 % missed':>14}{'+60 % missed':>14}"
    for name, noise in NOISES.items():
        told = [
            sum(one_watch(noise, seed, worse) is not None for seed in range(watches)) for worse in (1, 1.15, 1.3, 1.6)
        ]
        shares = [told[0] / watches, *(1 - count / watches for count in told[1:])]
        yield f"{name:24}" + "".join(f"{share:>14.1%}" for share in shares)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--watches", type=int, default=200)
    given = arguments.parse_args()
    monitor = multiprocessing.get_context("spawn").Process(target=serve, daemon=True)
    monitor.start()
    time.sleep(3)
    with tempfile.TemporaryDirectory() as folder:
        cost = asyncio.run(watch_all(Path(folder)))
    monitor.terminate()
    print(f"{SERVICES} services, {len(SIGNALS)} signals each, a look every 30 s, for {SECONDS} s:")
    print(f"  processor {cost.processor:.1%} of one core · memory +{cost.memory:.0f} MB · {cost.looks} looks", end="")
    print(f" · the latest began {cost.latest:.2f} s late")
    for line in error_rates(given.watches):
        print(line, flush=True)


if __name__ == "__main__":
    main()
