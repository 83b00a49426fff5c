"""The command line: what each command prints, and with which exit code it ends."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.core.events import Conversation, Event
from bot.store.interface import Transaction
from bot.store.sqlite import SQLiteStore

ROOT = Path(__file__).resolve().parent.parent
VARIABLES = (
    "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN", "SLACK_API_URL", "DATABASE_URL", "HOST", "PORT",
    "GREENLIGHT_TRANSPORT", "GREENLIGHT_CONFIG", "GREENLIGHT_DATABASE", "LOG_LEVEL",
)  # fmt: skip
COMMANDS = ("serve", "playground", "check", "token", "schema", "manifest", "export")
BAD = "version: 1\nservices:\n  billing: {channels: [releases], wach: 5}\n"

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in an empty directory, with these variables and no others that Greenlight reads."""
    monkeypatch.chdir(tmp_path)

    def ran(*words: str, **variables: str) -> Result:
        return CliRunner().invoke(main, words, env={**dict.fromkeys(VARIABLES), **variables})

    return ran


# ── help ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_teaches_with_examples(command: tuple[str, ...], run: Run) -> None:
    """Every command shows how it is used, no line broken by a narrow terminal's wrapping."""
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Examples:" in result.output
    assert f"  greenlight {command[0] if command else 'playground'}" in result.output


def test_help_of_serve_names_every_variable(run: Run) -> None:
    """What can be set is found where it is looked for."""
    shown = run("serve", "--help").output
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN", "PORT", "HOST", "LOG_LEVEL"):
        assert name in shown
    for name in ("GREENLIGHT_TRANSPORT", "GREENLIGHT_CONFIG", "GREENLIGHT_DATABASE"):
        assert name in shown


def test_only_what_runs_the_bot_loads_it() -> None:
    """`greenlight --help` must not wait for Bolt, aiohttp and the playground."""
    code = "import sys, bot.__main__; print([m for m in ('slack_bolt', 'aiohttp', 'playground') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == "[]"


# ── check ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_check_of_a_good_file_ends_with_0_and_says_that_slack_was_not_asked(run: Run) -> None:
    """Good news is printed on stdout."""
    result = run("check", "--config", str(ROOT / "playground" / "greenlight.yml"))
    assert result.exit_code == 0
    assert "2 services, nothing to object to." in result.stdout
    assert "Slack was not asked: SLACK_BOT_TOKEN is not set." in result.stdout
    assert result.stderr == ""


def test_check_prints_one_problem_a_line_and_ends_with_2(run: Run, tmp_path: Path) -> None:
    """file:line: key: reason remedy, on stderr, so that editors and pipelines can jump to them."""
    (tmp_path / "greenlight.yml").write_text(BAD, encoding="utf-8")
    result = run("check")
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert lines[0].startswith("greenlight.yml:3: services.billing")
    assert "greenlight.yml:3: services.billing.wach: There is no such key. Did you mean “watch”?" in lines
    assert any(line.startswith("greenlight.yml:3: services.billing.channels[0]: “releases”") for line in lines)
    assert len(lines) == 5


def test_check_without_a_file_says_where_to_get_one(run: Run) -> None:
    """The first thing that goes wrong is the missing file."""
    result = run("check")
    assert result.exit_code == 2
    assert result.stderr.startswith("greenlight.yml: There is no such file. Copy greenlight.example.yml")


def test_check_that_cannot_reach_slack_ends_with_1(run: Run) -> None:
    """A pipeline can tell a broken network from a broken configuration."""
    result = run(
        "check",
        GREENLIGHT_CONFIG=str(ROOT / "playground" / "greenlight.yml"),
        SLACK_BOT_TOKEN="xoxb-1",
        SLACK_SIGNING_SECRET="s",
        SLACK_API_URL="http://127.0.0.1:9/api/",
    )
    assert result.exit_code == 1
    assert "Slack could not be asked" in result.stderr


# ── serve ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_serve_refuses_a_broken_start_with_every_problem(run: Run, tmp_path: Path) -> None:
    """The same words as `check`, for environment and file at once, and nothing has started."""
    (tmp_path / "greenlight.yml").write_text(BAD, encoding="utf-8")
    result = run("serve", SLACK_BOT_TOKEN="xapp-hidden", DATABASE_URL="postgresql://u:hidden@h/d")
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert lines[0].startswith("environment: SLACK_BOT_TOKEN: This is an app-level token, but a bot token")
    assert any(line.startswith("environment: DATABASE_URL: ") for line in lines)
    assert any(line.startswith("greenlight.yml:3: services.billing.wach: ") for line in lines)
    assert "hidden" not in result.output
    assert not (tmp_path / "greenlight.db").exists()


def test_serve_refuses_a_port_that_is_none(run: Run) -> None:
    """Options are checked like variables."""
    assert run("serve", "--port", "70000").exit_code == 2


@pytest.fixture
def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@pytest.fixture
def served(tmp_path: Path, free_port: int) -> Iterator[subprocess.Popen[str]]:
    """`greenlight serve` as its own process, with a Slack that can't be reached."""
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "serve", "--port", str(free_port)],
        cwd=tmp_path,
        env=kept
        | {
            "GREENLIGHT_CONFIG": str(ROOT / "playground" / "greenlight.yml"),
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_SIGNING_SECRET": "s",
            "SLACK_API_URL": "http://127.0.0.1:9/api/",
            "PYTHONPATH": str(ROOT),
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def test_serve_starts_without_slack_and_stops_when_told(served: subprocess.Popen[str]) -> None:
    """Slack need not be reachable; SIGTERM ends it with 0, and the log's records carry their slug."""
    assert served.stderr is not None
    for line in served.stderr:
        if "action=serving" in line:
            break
    else:
        pytest.fail("it ended before it served")
    served.send_signal(signal.SIGTERM)
    _, rest = served.communicate(timeout=30)
    assert served.returncode == 0, rest
    assert "action=stopped" in rest


@pytest.mark.parametrize("command", ["serve", "playground"])
def test_taken_port_is_one_line_with_what_to_do(command: str, run: Run) -> None:
    """Something else listens there already: no traceback, and the way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run(
            command,
            "--port",
            port,
            GREENLIGHT_CONFIG=str(ROOT / "playground" / "greenlight.yml"),
            SLACK_BOT_TOKEN="xoxb-1",
            SLACK_SIGNING_SECRET="s",
            SLACK_API_URL="http://127.0.0.1:9/api/",
        )
    assert result.exit_code == 2
    assert "can't be listened on: Address already in use. Stop what listens there" in result.stderr
    assert "Traceback" not in result.stderr


# ── schema and manifest ──────────────────────────────────────────────────────────────────────────────────────────────
def test_schema_prints_the_published_one(run: Run) -> None:
    """What the command prints is what stands in the repository."""
    assert run("schema").output == (ROOT / "greenlight.schema.json").read_text(encoding="utf-8")


def test_manifest_for_http_has_the_given_address(run: Run) -> None:
    """Ready to paste, comments kept."""
    result = run("manifest", "--url", "https://bot.example.org")
    assert result.exit_code == 0
    assert "https://bot.example.org/slack/events" in result.output
    assert "greenlight.example.com" not in result.output
    assert "# no more than is used" in result.output


def test_manifest_for_socket_mode_has_no_address(run: Run) -> None:
    """Socket Mode on, no URL anywhere."""
    result = run("manifest", "--socket")
    assert yaml.safe_load(result.output)["settings"]["socket_mode_enabled"] is True
    assert "https://" not in result.output


@pytest.mark.parametrize(
    "words", [(), ("--socket", "--url", "https://a.example"), ("--url", "http://a.example"), ("--url", "a.example")]
)
def test_manifest_asks_for_one_way_in(words: tuple[str, ...], run: Run) -> None:
    """Neither, both, or an address that Slack would not call: said with what to give."""
    result = run("manifest", *words)
    assert result.exit_code == 2
    assert "https://" in result.stderr


# ── export ───────────────────────────────────────────────────────────────────────────────────────────────────────────
NOON = datetime(2024, 1, 16, 12, 0, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Two releases: v1.2.0 of admin-logistic with two events, v2.0.0 of billing with one."""
    path = tmp_path / "greenlight.db"

    def fill(tx: Transaction) -> None:
        _release(tx, "r1", "admin-logistic", "v1.2.0", ("approve", "cosign"))
        _release(tx, "r2", "billing", "v2.0.0", ("approve",))

    async def make() -> None:
        store = SQLiteStore(path)
        await store.write(fill)
        await store.close()

    asyncio.run(make())
    return path


def _release(tx: Transaction, id_: str, service: str, version: str, steps: tuple[str, ...]) -> None:
    release = Conversation(
        id=id_, dialogue="release", service=service, environment="production", version=version, channel="C0X1",
        opened_at=NOON, opened_by="U0CHARLIE", state="awaiting_plan", since=NOON, number=len(steps),
    )  # fmt: skip
    tx.save(release, is_open=True)
    for number, step in enumerate(steps, 1):
        event = Event(
            conversation=id_, number=number, dialogue="release", step=step, state="awaiting_plan", stage=number,
            at=NOON, actor="U0CHARLIE", name="=HYPERLINK(0)", roles=("qa",), data={"changes": ["STORY-123: a, “b”"]},
        )  # fmt: skip
        tx.append(event)


def test_export_prints_all_releases_with_their_events_as_json(run: Run, database: Path) -> None:
    """The default database, the oldest first, events in order."""
    result = run("export")
    assert result.exit_code == 0
    exported = json.loads(result.output)
    assert [(entry["version"], entry["is_open"]) for entry in exported] == [("v1.2.0", True), ("v2.0.0", True)]
    assert [event["step"] for event in exported[0]["events"]] == ["approve", "cosign"]
    assert exported[0]["events"][0]["data"] == {"changes": ["STORY-123: a, “b”"]}
    assert database.name == "greenlight.db"


@pytest.mark.parametrize("words", [("v1.2.0",), ("1.2.0",), ("--service", "admin-logistic")])
def test_export_can_be_narrowed(words: tuple[str, ...], run: Run, database: Path) -> None:
    """By version, with or without its v, and by service."""
    exported = json.loads(run("export", *words, "--database", str(database)).output)
    assert [entry["version"] for entry in exported] == ["v1.2.0"]


def test_export_as_csv_has_a_row_an_event_and_runs_no_formula(run: Run, database: Path) -> None:
    """A name that a spreadsheet would run is plain text in it."""
    result = run("export", "--format", "csv", GREENLIGHT_DATABASE=str(database))
    rows = list(csv.DictReader(io.StringIO(result.output)))
    assert [(row["version"], row["step"], row["number"]) for row in rows] == [
        ("v1.2.0", "approve", "1"),
        ("v1.2.0", "cosign", "2"),
        ("v2.0.0", "approve", "1"),
    ]
    assert rows[0]["name"] == "'=HYPERLINK(0)"
    assert json.loads(rows[0]["data"]) == {"changes": ["STORY-123: a, “b”"]}


def test_export_of_what_was_never_recorded_ends_with_1(run: Run, database: Path) -> None:
    """An unknown version is an answer, not an empty file."""
    result = run("export", "v9.9.9", "--database", str(database))
    assert result.exit_code == 1
    assert "Nothing is recorded of v9.9.9" in result.stderr


def test_export_without_a_database_says_how_to_name_it(run: Run, tmp_path: Path) -> None:
    """A file that is missing, and one that is something else; neither is created or changed."""
    assert run("export").exit_code == 2
    assert not (tmp_path / "greenlight.db").exists()
    other = tmp_path / "other.db"
    other.write_text("not a database, but long enough to be read as a header of one" * 20, encoding="utf-8")
    result = run("export", "--database", str(other))
    assert result.exit_code == 2
    assert "This is not Greenlight's database" in result.stderr


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_no_log_tells_the_addresses_that_are_asked(level: str) -> None:
    """An address may hold a token."""
    asked = (
        "import httpx; from bot.__main__ import _log; "
        f"_log({level!r}); transport = httpx.MockTransport(lambda request: httpx.Response(200)); "
        "httpx.Client(transport=transport).get('http://metrics.example.com/?token=Hush4711')"
    )
    ended = subprocess.run((sys.executable, "-c", asked), cwd=ROOT, capture_output=True, text=True, check=True)
    assert "Hush4711" not in ended.stderr
