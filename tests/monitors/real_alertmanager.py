"""A real Alertmanager on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.monitors.real_prometheus import Started, free_port, ready
from tests.parts import require


@asynccontextmanager
async def alertmanager(
    folder: Path, receiver: Mapping[str, Any] | None = None, port: int = 0
) -> AsyncIterator[Started]:
    """Alertmanager over a folder, alone in its cluster. `receiver`: its configuration, of where alerts are sent to."""
    listen = f"127.0.0.1:{port or free_port()}"
    _configure(folder, receiver or {})
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


def _configure(folder: Path, receiver: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # JSON is YAML.
    route = {"receiver": "told", "group_by": ["service"], "group_wait": "10ms", "group_interval": "100ms"}
    settings = {"route": route, "receivers": [{"name": "told", **receiver}]}
    (folder / "alertmanager.yml").write_text(json.dumps(settings), encoding="utf-8")
