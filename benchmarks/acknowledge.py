"""Durable `/release` acknowledgements a second, beside a bare Bolt app's in the same interleaved rounds."""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from load import Measured, command, request, round_of

HERE = Path(__file__).parent
APPROVAL = (
    'approve admin-logistic v{number}.0.0 sprint="Sprint 16" commit=abc123 stories_tested=3 stories_total=3 '
    'bugs_found=5 bugs_fixed=5 regression=passed smoke=passed changes="STORY-123: Order Tracking; STORY-130: Excel '
    'Export; FIX-234" known_issues="None blocking release" rollback_threshold=>5% '
    "rollback_endpoint=/api/v1/orders/tracking"
)


Pair = tuple[tuple[Measured, float], tuple[Measured, float]]
"""A round of ours and one of the floor's, each with its processor time a request."""


@dataclass(frozen=True)
class Row:
    """One line of the table: medians over the rounds. `cpu` and `floor_cpu` are microseconds of processor time that one
    request costs each server, which a busy machine changes less than it does the rest.
    """

    connections: int
    ours: float
    floor: float
    cpu: float
    floor_cpu: float
    p50: float
    p99: float
    floor_p99: float

    @property
    def ratio(self) -> float:
        return self.ours / self.floor


@dataclass(frozen=True)
class Result:
    """All that is measured here. `cold_start` in seconds, memory in MiB."""

    rows: tuple[Row, ...]
    cold_start: float
    memory: float
    failed: int


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(*command_line: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours, ended with the block."""
    started = subprocess.Popen(command_line, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    try:
        yield started
    finally:
        started.terminate()
        started.wait(timeout=20)


def wait_for(port: int, path: str) -> None:
    """Until somebody answers on a port, whatever the answer; ten seconds at most."""
    for _ in range(1_000):
        try:
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=1):
                return
        except OSError as error:
            if "HTTP Error" in str(error):
                return
        time.sleep(0.01)
    raise RuntimeError(f"nobody listens on port {port}")


def memory_of(process_id: int) -> float:
    """Resident memory in MiB; 0 where the system does not tell."""
    status = Path(f"/proc/{process_id}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


@dataclass(frozen=True)
class Server:
    """One that is measured."""

    port: int
    process_id: int

    async def round_of(self, connections: int, requests: list[bytes]) -> tuple[Measured, float]:
        """A round, and the processor time in microseconds that each of its requests cost."""
        before = processor_time(self.process_id)
        measured = await round_of(self.port, connections, requests)
        return measured, 1e6 * (processor_time(self.process_id) - before) / len(requests)


def processor_time(process_id: int) -> float:
    """Seconds that a process's threads have used, its own and the system's for it; 0 where the system does not tell."""
    stat = Path(f"/proc/{process_id}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def approvals(port: int, first: int, count: int) -> list[bytes]:
    """Complete approvals, each of a version of its own."""
    return [request(command(APPROVAL.format(number=number), number), port) for number in range(first, first + count)]


async def interleaved(
    ours: Server, floor: Server, rounds: int, count: int, first: int = 1
) -> tuple[tuple[Row, ...], int]:
    """Rounds of both in turn, so that the machine's moods meet both."""
    rows: list[Row] = []
    number, failed = first, 0
    for connections in (1, 8, 32):
        share = count // 4 if connections == 1 else count
        told: list[Pair] = []
        for _ in range(rounds):
            pair = (
                await ours.round_of(connections, approvals(ours.port, number, share)),
                await floor.round_of(connections, approvals(floor.port, number, share)),
            )
            number += share
            failed += sum(one.failed for one, _ in pair)
            told.append(pair)
        rows.append(_row(connections, told))
    return tuple(rows), failed


def _row(connections: int, told: list[Pair]) -> Row:
    median = statistics.median
    return Row(
        connections=connections,
        ours=median(ours.per_second for (ours, _), _ in told),
        floor=median(floor.per_second for _, (floor, _) in told),
        cpu=median(cpu for (_, cpu), _ in told),
        floor_cpu=median(cpu for _, (_, cpu) in told),
        p50=median(ours.percentile(0.5) for (ours, _), _ in told),
        p99=median(ours.percentile(0.99) for (ours, _), _ in told),
        floor_p99=median(floor.percentile(0.99) for _, (floor, _) in told),
    )


def measure(rounds: int, count: int) -> Result:
    """Start both and the Slack behind, and measure. FULL durability is the store's only mode."""
    ours, floor, slack = free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "SLACK_BOT_TOKEN": "xoxb-bench",
            "SLACK_SIGNING_SECRET": "benchmark-secret",
            "SLACK_API_URL": f"http://127.0.0.1:{slack}/api/",
            "GREENLIGHT_CONFIG": str(HERE.parent / "playground" / "greenlight.yml"),
            "GREENLIGHT_DATABASE": f"{folder}/bench.db",
            "PORT": str(ours),
            "LOG_LEVEL": "WARNING",
        }
        with process(sys.executable, str(HERE / "slack.py"), str(slack)):
            wait_for(slack, "/api/api.test")
            began = time.perf_counter()
            with (
                process(sys.executable, "-m", "bot", "serve", **environment) as greenlight,
                process(sys.executable, str(HERE / "floor.py"), str(floor)) as bare,
            ):
                wait_for(ours, "/health")
                cold_start = time.perf_counter() - began
                wait_for(floor, "/")
                servers = Server(ours, greenlight.pid), Server(floor, bare.pid)
                # Both warm: caches, imports, prepared statements.
                asyncio.run(interleaved(*servers, rounds=1, count=400, first=9_000_000))
                rows, failed = asyncio.run(interleaved(*servers, rounds, count))
                return Result(rows, cold_start, memory_of(greenlight.pid), failed)
