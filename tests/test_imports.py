"""The house's import directions as an executable rule: who may know of whom, and where the outside world is let in.

handlers → service → {core, messages, store}; messages → core; store → the core's events; outbox → {store, slack};
the core knows itself and the errors; only bot/app.py sees everything.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("bot", "handlers", "playground")

BASICS = ("bot.errors", "bot.clock")
SLACK = ("bot.slack", "bot.slack_errors", "bot.slack_facts", "bot.lookups", "bot.directory")
SERVICE = ("bot.service", "bot.conversations", "bot.queries")
INTENTS = ("bot.core", "bot.messages", "bot.store.interface", *BASICS)
ERRANDS = ("bot.outside.errands", "bot.outward", *SERVICE, *INTENTS)
HANDLERS = ("handlers", "bot.bolt", *SERVICE, *INTENTS)
EVERYTHING_BUT_THE_TOP = "bot, but neither bot.app nor bot.__main__"

# Part of the house: the parts it may import, each with all that is below it. The longest name that fits a module rules.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "bot.errors": (),
    "bot.clock": (),
    "bot.core": ("bot.core", "bot.errors"),
    "bot.messages": ("bot.messages", "bot.core", "bot.errors"),
    "bot.store": ("bot.store", "bot.core.events", "bot.errors"),
    "bot.answered": ("bot.core", "bot.store.interface"),
    "bot.service": ("bot.answered", *INTENTS),
    "bot.conversations": (*INTENTS, *SERVICE, "bot.directory"),
    "bot.queries": (*INTENTS, *SERVICE, "bot.directory"),
    "bot.slack": ("bot.slack", "bot.slack_errors", "bot.slack_facts", "bot.messages", *BASICS),
    "bot.slack_errors": BASICS,
    "bot.slack_facts": BASICS,
    "bot.lookups": BASICS,
    "bot.bolt": ("bot.slack",),
    "bot.directory": ("bot.slack", "bot.slack_errors", "bot.slack_facts", "bot.lookups", "bot.core", *BASICS),
    "bot.worker": BASICS,
    "bot.outbox": ("bot.outbox", "bot.worker", "bot.pace", *SLACK, *INTENTS),
    "bot.outside.errands": ("bot.worker", *ERRANDS),
    "bot.outside.tickets": ("bot.trackers", *ERRANDS),
    "bot.outside.orders": ("bot.deployers", *ERRANDS),
    "bot.validation": (
        *("bot.validation", "bot.junit", "bot.monitors.interface"),
        *ERRANDS,
    ),
    "bot.pace": (*BASICS, "bot.core.events"),
    "bot.schedule": ("bot.schedule", *SERVICE, "bot.core", "bot.store.interface", *BASICS),
    "bot.monitors": ("bot.monitors", "bot.core", "bot.outward", *BASICS),
    "bot.heartbeat": ("bot.core", "bot.store.interface"),
    "bot.watched": ("bot.service", "bot.core", "bot.store.interface"),
    "bot.alerts": ("bot.watched", "bot.monitors", *SERVICE, *INTENTS),
    "bot.outside.silences": ("bot.monitors", "bot.core", "bot.store.interface", *SERVICE, *BASICS),
    "bot.watch": (
        *("bot.alerts", "bot.heartbeat", "bot.watched", "bot.monitors", "bot.core", "bot.store.interface"),
        *(*SERVICE, *BASICS),
    ),
    "bot.outward": (*BASICS, "bot.core.outside_text"),
    "bot.outside.drills": ("bot.pagers", "bot.monitors", *SLACK, *ERRANDS),
    "bot.pagers": ("bot.pagers", "bot.core", "bot.outward", *BASICS),
    "bot.outside.paging": ("bot.pagers", "bot.worker", *ERRANDS),
    "bot.trackers": ("bot.trackers", "bot.core", "bot.outward", *BASICS),
    "bot.deployers": ("bot.deployers", "bot.core", "bot.outward", *BASICS),
    "bot.junit": ("bot.core.outside_text",),
    "bot.http": ("bot.http", "bot.junit", "bot.tokens", "bot.pulse", "bot.arrivals", "bot.alerts", *SERVICE, *INTENTS),
    "bot.arrivals": (*SERVICE, *INTENTS),
    "bot.tokens": ("bot.store.interface", *BASICS),
    "bot.pulse": (),
    "bot.settings": ("bot.settings", "bot.core", "bot.errors"),
    "bot": (EVERYTHING_BUT_THE_TOP,),
    "bot.app": ("bot", "handlers"),
    "bot.__main__": ("bot", "playground"),
    "handlers": HANDLERS,
    # What a handler may use is handed to it: this one module knows the types of it all.
    "handlers.context": (*HANDLERS, *SLACK, "bot.background", "bot.settings"),
    "playground": ("playground", "bot.core", *BASICS),
    # Slack on this machine knows nothing of the bot that talks to it.
    "playground.slack": ("playground.slack",),
    "playground.page_api": ("playground.page_api", "playground.slack"),
    "playground.run": ("playground", "bot", "handlers"),
}

# A library of the outside world: the parts that may use it.
ONLY_IN: dict[str, tuple[str, ...]] = {
    "sqlite3": ("bot.store",),
    "sqlite_utils": ("bot.store",),
    "psycopg": ("bot.store",),
    "apscheduler": ("bot.schedule",),
    "unittest.mock": (),
}

# Pure parts: what they may use of the standard library and of others. Nothing here reads, writes, waits or rolls dice.
PURE_LIBRARIES = frozenset(
    (
        *(
            "__future__",
            "collections",
            "dataclasses",
            "datetime",
            "difflib",
            "enum",
            "functools",
            "html",
            "itertools",
            "json",
        ),
        *(
            "math",
            "operator",
            "re",
            "shlex",
            "statistics",
            "string",
            "textwrap",
            "types",
            "typing",
            "unicodedata",
            "urllib",
            "zoneinfo",
        ),
        *("pydantic", "pydantic_core", "annotated_types", "orjson"),
        # Calendars of public holidays, computed; it reads its own texts once, with the configuration.
        *("holidays", "warnings"),
        # The statistical test behind the watch: computed.
        *("numpy", "scipy"),
    )
)
PURE = ("bot.core", "bot.messages")
ASKS_THE_TIME = ("now", "utcnow", "today", "localtime", "time_ns")


@dataclass(frozen=True)
class Import:
    """One import: the module that has it, the module it names, and where it stands. `typing_only`: never executed."""

    module: str
    target: str
    file: str
    line: int
    typing_only: bool = False


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the project with its syntax tree."""
    files = (file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py")))
    return {module_name(file): ast.parse(file.read_text(encoding="utf-8"), str(file)) for file in files}


def place(module: str) -> str:
    """The file of a module, from the project's root."""
    path = ROOT / Path(*module.split("."))
    return str((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).relative_to(ROOT))


def imports_of(module: str, tree: ast.Module, known: frozenset[str]) -> Iterator[Import]:
    """All imports of a module, also those within functions. `from a import b` names a.b where that is a module."""
    for_types = _typing_only(tree)
    for node in ast.walk(tree):
        for target in dict.fromkeys(_targets(node, module, known)):
            yield Import(module, target, place(module), _line(node), typing_only=node in for_types)


def _line(node: ast.AST) -> int:
    assert isinstance(node, (ast.Import, ast.ImportFrom))
    return node.lineno


def _targets(node: ast.AST, module: str, known: frozenset[str]) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = node.module or ""
    if node.level:
        package = module.split(".")
        keep = len(package) - node.level + (place(module).endswith("__init__.py"))
        base = ".".join([*package[:keep], *([base] if base else [])])
    return [name if (name := f"{base}.{alias.name}") in known else base for alias in node.names]


def _typing_only(tree: ast.Module) -> set[ast.AST]:
    guarded = (node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
    return {inner for node in guarded for part in node.body for inner in ast.walk(part)}


@cache
def imports() -> tuple[Import, ...]:
    known = frozenset(modules())
    return tuple(one for module, tree in modules().items() for one in imports_of(module, tree, known))


def within(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")


def rule_for(module: str) -> str:
    """The part of the house that a module belongs to."""
    return max((part for part in MAY_IMPORT if within(module, part)), key=len)


def allowed(one: Import) -> bool:
    if one.target in PACKAGES and one.target != "handlers":
        return one.target == one.module.partition(".")[0] or one.module in {"bot.app", "bot.__main__", "playground.run"}
    parts = MAY_IMPORT[rule_for(one.module)]
    if EVERYTHING_BUT_THE_TOP in parts:
        return within(one.target, "bot") and one.target not in {"bot.app", "bot.__main__"}
    return any(within(one.target, part) for part in parts)


def breaks(one: Import) -> str:
    """What is wrong with an import of our own modules, with file and line; empty where nothing is."""
    if one.target.partition(".")[0] not in PACKAGES or allowed(one):
        return ""
    part = rule_for(one.module)
    may = ", ".join(MAY_IMPORT[part]) or "nothing of ours"
    return f"{one.file}:{one.line} imports {one.target}, but {part} may import only: {may}"


def breaks_outside(one: Import) -> str:
    """What is wrong with an import of somebody else's module."""
    for library, parts in ONLY_IN.items():
        if within(one.target, library) and not any(within(one.module, part) for part in parts):
            return f"{one.file}:{one.line} imports {one.target}, which belongs to {', '.join(parts) or 'no part'} alone"
    package = one.target.partition(".")[0]
    pure = next((part for part in PURE if within(one.module, part)), "")
    if pure and package not in PURE_LIBRARIES and package not in PACKAGES:
        return (
            f"{one.file}:{one.line} imports {one.target}, but {pure} is pure: time, chance and files are handed to it"
        )
    return ""


def told(problems: Iterator[str]) -> str:
    return "\n".join(problem for problem in problems if problem)


def cycle(edges: dict[str, set[str]]) -> list[str]:
    """One circle of modules, if there is any."""
    done: set[str] = set()

    def walk(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        found = next(
            (circle for target in sorted(edges.get(module, ())) if (circle := walk(target, [*path, module]))), []
        )
        done.add(module)
        return found

    return next((circle for module in sorted(edges) if (circle := walk(module, []))), [])


# ── the rules ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_imports_run_one_way() -> None:
    """Every import of our own modules against the table above."""
    problems = told(breaks(one) for one in imports())
    assert not problems, f"\n{problems}"


def test_the_outside_world_comes_in_where_it_belongs() -> None:
    """SQL in the store, the scheduler's library in the schedule; the core and what is said are pure; no mocks."""
    problems = told(breaks_outside(one) for one in imports())
    assert not problems, f"\n{problems}"


def test_pure_parts_never_ask_what_time_it_is() -> None:
    """The time is a parameter there."""
    asked = [
        f"{place(module)}:{node.lineno} asks for the time; it is a parameter in {part}"
        for module, tree in modules().items()
        for part in PURE
        if within(module, part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKS_THE_TIME
    ]
    assert not asked, "\n".join(asked)


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Also not within functions; what only the type checker reads is no circle."""
    edges: dict[str, set[str]] = {}
    for one in imports():
        if one.target in modules() and one.target != one.module and not one.typing_only:
            edges.setdefault(one.module, set()).add(one.target)
    assert not cycle(edges), " → ".join(cycle(edges))


# ── the rules can fail ───────────────────────────────────────────────────────────────────────────────────────────────
KNOWN = frozenset({"bot", "bot.core", "bot.core.events", "bot.store", "bot.store.interface", "bot.slack", "handlers"})


def test_who_watches_no_signals_does_not_load_what_compares_them() -> None:
    """It takes most of a second and 80 MiB."""
    told = "import sys, bot.app, handlers; sys.exit('scipy' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run((sys.executable, "-c", told), cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize(
    ("module", "source", "problem"),
    [
        ("bot.core.release", "from bot.messages import text", "bot/core/release.py:1 imports bot.messages"),
        ("bot.core.release", "def f():\n    import bot.store", "bot/core/release.py:2 imports bot.store"),
        ("bot.core.release", "import os", "bot.core is pure"),
        ("bot.core.release", "from apscheduler import events", "belongs to bot.schedule alone"),
        ("bot.messages.text", "from bot import slack", "imports bot.slack, but bot.messages may import only"),
        ("bot.store.sqlite", "from bot.core import release", "imports bot.core, but bot.store may import only"),
        ("bot.service", "from bot.store.sqlite import Sqlite", "but bot.service may import only"),
        ("bot.outbox", "import handlers", "imports handlers, but bot.outbox"),
        ("bot.somewhere_new", "from handlers.steps import click", "imports handlers.steps, but bot may import only"),
        ("bot.somewhere_new", "from playground.run import run", "imports playground.run, but bot may import only"),
        ("bot.somewhere_new", "import bot.app", "imports bot.app, but bot may import only"),
        ("bot.app", "import playground.run", "imports playground.run, but bot.app may import only"),
        ("bot.__main__", "import handlers.steps", "imports handlers.steps, but bot.__main__ may import only"),
        ("handlers.steps", "from bot.store.sqlite import Sqlite", "but handlers may import only"),
        ("handlers.steps", "from bot.slack import Slack", "but handlers may import only"),
        ("playground.slack.server", "from bot.clock import Clock", "but playground.slack may import only"),
        ("handlers.steps", "import sqlite3", "belongs to bot.store alone"),
        ("bot.slack", "from unittest import mock\nimport unittest.mock", "belongs to no part alone"),
    ],
)
def test_an_import_against_the_direction_is_named_with_file_and_line(module: str, source: str, problem: str) -> None:
    found = imports_of(module, ast.parse(source), KNOWN)
    assert problem in told(breaks(one) or breaks_outside(one) for one in found)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "bot.core.release",
            "from datetime import datetime\nfrom bot.core import events\nfrom bot.errors import Refusal",
        ),
        ("bot.store.sqlite", "import sqlite3\nfrom bot.core.events import Event\nfrom bot.core import events"),
        ("bot.app", "import handlers\nfrom bot.store.sqlite import Sqlite"),
        ("bot.__main__", "from bot import __version__\nfrom playground.run import run"),
        ("bot.somewhere_new", "import bot.slack\nimport httpx"),
        ("handlers.steps", "from bot.conversations import Conversations\nfrom handlers.context import Context"),
    ],
)
def test_an_import_along_the_direction_is_none_of_its_business(module: str, source: str) -> None:
    found = imports_of(module, ast.parse(source), KNOWN)
    assert not told(breaks(one) or breaks_outside(one) for one in found)


def test_relative_imports_are_resolved_and_typing_only_ones_known() -> None:
    tree = ast.parse("from . import slack\nif TYPE_CHECKING:\n    from .core import events")
    first, second = imports_of("bot.somewhere", tree, KNOWN)
    assert (first.target, first.typing_only) == ("bot.slack", False)
    assert (second.target, second.typing_only) == ("bot.core.events", True)


def test_a_circle_is_found_and_shown() -> None:
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert cycle({"a": {"b", "c"}, "b": {"c"}}) == []
