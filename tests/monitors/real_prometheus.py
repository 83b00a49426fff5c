"""A real Prometheus on loopback, with a past that was written for it."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from tests.parts import require

Past = Mapping[str, Iterable[tuple[datetime, float]]]
"""Values by series, such as `errors{case="quiet"}`."""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def write_past(folder: Path, past: Past) -> None:
    """Write blocks of samples with the times they are meant to have (promtool, "create-blocks-from openmetrics")."""
    families: dict[str, list[str]] = {}
    for series, values in past.items():
        lines = families.setdefault(series.partition("{")[0], [])
        lines.extend(f"{series} {value!r} {moment.timestamp():.3f}" for moment, value in values)
    text = "".join(f"# TYPE {name} gauge\n" + "\n".join(lines) + "\n" for name, lines in families.items())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "past.txt").write_text(f"{text}# EOF\n", encoding="utf-8")
    command = (require("promtool"), "tsdb", "create-blocks-from", "openmetrics", "-q")
    subprocess.run((*command, str(folder / "past.txt"), str(folder / "data")), check=True, capture_output=True)


@dataclass(frozen=True)
class Started:
    """Where it listens, and the process."""

    url: str
    process: asyncio.subprocess.Process

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()


@asynccontextmanager
async def prometheus(
    folder: Path, targets: Iterable[str] = (), port: int = 0, alertmanager: str = ""
) -> AsyncIterator[Started]:
    """Prometheus over a folder; `targets` are scraped every second, alerts go to `alertmanager` (all as host:port)."""
    listen = f"127.0.0.1:{port or free_port()}"
    _configure(folder, list(targets), alertmanager)
    process = await asyncio.create_subprocess_exec(
        require("prometheus"),
        *_flags(folder, listen),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    started = Started(f"http://{listen}", process)
    try:
        await ready(f"{started.url}/-/ready")
        yield started
    finally:
        await started.stop()


def _configure(folder: Path, targets: list[str], alertmanager: str) -> None:
    scrape = [{"job_name": "service", "scrape_interval": "1s", "static_configs": [{"targets": targets}]}]
    folder.mkdir(parents=True, exist_ok=True)
    # JSON is YAML.
    settings: dict[str, object] = {"scrape_configs": scrape if targets else [], "rule_files": ["*.rules.yml"]}
    if alertmanager:
        settings["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]}
    (folder / "prometheus.yml").write_text(json.dumps(settings), encoding="utf-8")


def _flags(folder: Path, listen: str) -> Iterator[str]:
    yield f"--config.file={folder / 'prometheus.yml'}"
    yield f"--storage.tsdb.path={folder / 'data'}"
    yield "--storage.tsdb.retention.time=100y"
    yield f"--web.listen-address={listen}"


async def ready(url: str, within: float = 20.0) -> None:
    """Wait until an address answers well."""
    async with asyncio.timeout(within), httpx.AsyncClient(trust_env=False) as client:
        while True:
            try:
                if (await client.get(url)).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
