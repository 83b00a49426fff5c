"""A real Alertmanager on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.monitors.real_prometheus import Started, free_port, ready
from tests.parts import require


@asynccontextmanager
async def alertmanager(folder: Path) -> AsyncIterator[Started]:
    """Alertmanager over a folder, alone in its cluster."""
    listen = f"127.0.0.1:{free_port()}"
    _configure(folder)
    process = await asyncio.create_subprocess_exec(
        require("prometheus-alertmanager"),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={listen}",
        "--cluster.listen-address=",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    started = Started(f"http://{listen}", process)
    try:
        await ready(f"{started.url}/-/ready")
        yield started
    finally:
        await started.stop()


def _configure(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # JSON is YAML.
    settings = {"route": {"receiver": "none"}, "receivers": [{"name": "none"}]}
    (folder / "alertmanager.yml").write_text(json.dumps(settings), encoding="utf-8")
