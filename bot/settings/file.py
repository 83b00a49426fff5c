"""Reads a YAML file into plain data and remembers on which line every key stands.

YAML 1.2's core scalars only: `20:00` stays text and is not 1200, `no` and `on` stay words. Duplicate keys, which
YAML loaders pass over in silence, are problems. What the data means is bot.settings' matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.errors import ConfigurationError, Problem

Key = tuple[str | int, ...]
"""Where a value stands: names of mappings and indices of lists from the top."""


def spell(key: Key) -> str:
    """A key as people write it: services.admin-logistic.roles.qa.users[0]."""
    told = ""
    for part in key:
        told += f"[{part}]" if isinstance(part, int) else f".{part}" if told else part
    return told


@dataclass
class Document:
    """A file's data (None where it is empty), the line of every key, and the problems met while reading it.

    `unreadable` are the keys whose values could not be taken; None stands in their place.
    """

    file: str
    data: Any = None
    lines: dict[Key, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unreadable: set[Key] = field(default_factory=set)

    def line(self, key: Key) -> int:
        """The line of a key, or of the nearest key around it; 1 where there is none."""
        return next((self.lines[key[:end]] for end in range(len(key), -1, -1) if key[:end] in self.lines), 1)

    def problem(self, key: Key, reason: str, remedy: str) -> Problem:
        return Problem(file=self.file, key=spell(key), reason=reason, remedy=remedy, line=self.line(key))


class _CoreLoader(yaml.SafeLoader):
    """A loader whose plain scalars are those of YAML 1.2's core schema."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own class attribute; emptied and filled below


_TAG = "tag:yaml.org,2002:"
_CORE: tuple[tuple[str, str, str], ...] = (
    ("null", r"^(?:~|null|Null|NULL|)$", "~nN"),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
)
for _name, _pattern, _first in _CORE:
    # An empty scalar has no first character; PyYAML files it under "".
    _letters = [*_first, ""] if _name == "null" else list(_first)
    _CoreLoader.add_implicit_resolver(f"{_TAG}{_name}", re.compile(_pattern), _letters)

_SCALARS: Mapping[str, Callable[[str], Any]] = {
    f"{_TAG}str": str,
    f"{_TAG}null": lambda _text: None,
    f"{_TAG}bool": lambda text: text.lower() == "true",
    f"{_TAG}int": int,
    f"{_TAG}float": float,
}


def read(path: Path) -> Document:
    """The file's content. Raises ConfigurationError where it can't be read as YAML at all.

    Problems that leave the rest readable (a key given twice) are in the document, to be told with all others.
    """
    document = Document(file=str(path))
    node = _compose(path, _text(path))
    if node is not None:
        document.data = _Builder(document).build(node, ())
    return document


def _refuse(path: Path, reason: str, remedy: str, line: int = 0) -> ConfigurationError:
    return ConfigurationError((Problem(file=str(path), key="", reason=reason, remedy=remedy, line=line),))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        remedy = "Copy greenlight.example.yml there and fill it in, or set GREENLIGHT_CONFIG to where it is."
        raise _refuse(path, "There is no such file.", remedy) from None
    except UnicodeDecodeError as error:
        raise _refuse(path, f"Byte {error.start} is not UTF-8.", "Save the file as UTF-8.") from error
    except OSError as error:
        raise _refuse(path, f"It can't be read: {error.strerror}.", "Check the path and its permissions.") from error


def _compose(path: Path, text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=_CoreLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        told = ", ".join(part for part in (error.context, error.problem) if part)
        raise _refuse(path, f"This is not YAML (column {column}): {told}.", _hint(text, line, told), line) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _refuse(path, "This line has a character that YAML does not allow.", "Delete it.", line) from error


def _hint(text: str, line: int, told: str) -> str:
    lines = text.splitlines()
    content = lines[line - 1] if 0 < line <= len(lines) else ""
    if "\t" in content[: len(content) - len(content.lstrip())] or "'\\t'" in told:
        return "Indent with spaces: YAML allows no tabs."
    if "cannot start any token" in told:
        return "Put this value in quotes."
    if "mapping values are not allowed" in told:
        return "Check the indentation, and put a value that contains “: ” in quotes."
    if "single document" in told:
        return "Keep one document in the file: remove the line “---”."
    if "undefined alias" in told:
        return "Put a value that begins with “*” in quotes."
    return "Check the indentation, quotes and brackets here and on the line before."


class _Builder:
    """Turns composed nodes into data and fills the document's lines and problems."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._within: set[int] = set()

    def build(self, node: yaml.Node, key: Key) -> Any:
        self._document.lines.setdefault(key, node.start_mark.line + 1)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, key)
        if id(node) in self._within:
            self._odd(key, "This contains itself.", "Write the values out instead of the alias.")
            return None
        self._within.add(id(node))
        try:
            return self._collection(node, key)
        finally:
            self._within.discard(id(node))

    def _collection(self, node: yaml.Node, key: Key) -> object:
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return dict(self._entries(node, key))
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return [self.build(entry, (*key, index)) for index, entry in enumerate(node.value)]
        self._odd(key, f"The tag {node.tag} is not supported.", "Remove it.")
        return None

    def _entries(self, node: yaml.MappingNode, key: Key) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for name_node, value in node.value:
            line = name_node.start_mark.line + 1
            if not isinstance(name_node, yaml.ScalarNode):
                self._odd(key, "A key here is not plain text.", "Put keys with brackets or braces in quotes.")
                continue
            name = str(name_node.value)
            at = (*key, name)
            if name in seen:
                self._twice(at, line, seen[name])
                continue
            seen[name] = line
            self._document.lines[at] = line
            yield name, self.build(value, at)

    def _scalar(self, node: yaml.ScalarNode, key: Key) -> object:
        make = _SCALARS.get(node.tag)
        try:
            if make:
                return make(node.value)
        except ValueError:
            pass  # an explicit tag such as !!int before a word; told below
        self._odd(key, f"“{node.value}” does not fit the tag {node.tag}.", "Remove the tag.")
        return None

    def _odd(self, key: Key, reason: str, remedy: str) -> None:
        self._document.unreadable.add(key)
        self._document.problems.append(self._document.problem(key, reason, remedy))

    def _twice(self, key: Key, line: int, first: int) -> None:
        reason = f"This key is given twice; the first is on line {first}."
        problem = Problem(self._document.file, spell(key), reason, "Keep one of them.", line)
        self._document.problems.append(problem)
