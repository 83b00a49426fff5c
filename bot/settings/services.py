"""From the file's data to services: defaults applied, every field checked, and what no single field shows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.core.policy import Service
from bot.core.release import RELEASE
from bot.core.release_day import DEFAULT_NAMES, NAME_PATTERN
from bot.core.roles import MACHINES, PEOPLE_ROLES, Role
from bot.errors import Problem
from bot.settings.file import Document, Key, spell
from bot.settings.problems import explain, suggest
from bot.settings.schema import (
    DEFAULT_KEYS,
    KNOWN_STEPS,
    REMINDED_STEPS,
    SERVICE_KEYS,
    ChannelEntry,
    ConfigurationFile,
    Json,
    Lookup,
    schema,
)

Model = TypeVar("Model", bound=BaseModel)

ENTRY_BY_ENTRY = ("roles", "reminders", "windows", "release_day", "monitors", "signals")
"""Fields to which a service adds, entry by entry, instead of replacing the default as a whole."""

NEEDED_ROLES = tuple(
    dict.fromkeys(
        step.by[0] for step in RELEASE.steps if step.wait and isinstance(step.by, tuple) and step.by[0] not in MACHINES
    )
)
"""The roles a release waits for: without a holder it would stand still."""

_KINDS: Mapping[int | str, tuple[str, ...]] = {
    "tracker": ("jira", "github"),
    "deployer": ("github_actions", "argocd", "webhook"),
}
_ADD_MONITOR = "Add it under “monitors”."

_UNIQUE = ("channels", "environments", "required_signoffs", "components", "health_checks", "smoke_tests")


@dataclass
class _Entry:
    """A service's fields with the defaults below them, and where each stands in the file."""

    key: Key
    fields: Json = field(default_factory=dict)
    origins: dict[Key, Key] = field(default_factory=dict)

    def put(self, name: str, value: object, origin: Key) -> None:
        """Set a field; the entries of some are added to what is there."""
        if name in ENTRY_BY_ENTRY and isinstance(value, dict):
            kept = self.fields.get(name)
            self.fields[name] = (kept if isinstance(kept, dict) else {}) | value
            self.origins |= {(name, entry): (*origin, entry) for entry in value}
        else:
            self.fields[name] = value
        self.origins[(name,)] = origin

    def place(self, key: Key) -> Key:
        """Where a field, or something in it, stands in the file; in the service itself where it is not given."""
        for end in range(len(key), 0, -1):
            if key[:end] in self.origins:
                return self.origins[key[:end]] + key[end:]
        return self.key + key


class Checker:
    """Checks one document. `problems` has all that is wrong; without any, the rest is good to use.

    `places` maps keys of services as they are used (services.billing.watch) to where they stand (defaults.watch).
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._lookup = Lookup(document=schema())
        self._found: list[Problem] = list(document.problems)
        self.time_zone = "UTC"
        self.services: dict[str, Service] = {}
        self.channel_names: dict[str, str] = {}
        self.places: dict[str, Key] = {}
        self._check()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Each once, in the order of the file."""
        return tuple(sorted(dict.fromkeys(self._found), key=lambda problem: problem.line))

    def _check(self) -> None:
        data = self._document.data
        if data is None and not self._found:
            self._tell((), "The file is empty.", "Copy greenlight.example.yml there and fill it in.")
        elif not isinstance(data, dict):
            self._tell((), "The file must be a mapping.", "Begin it with “version: 1” and “services:”.")
        else:
            self._check_mapping(data)

    def _check_mapping(self, data: Json) -> None:
        top = self._valid(ConfigurationFile, data, lambda key: key)
        self.time_zone = top.time_zone if top else "UTC"
        roles, defaults = _mapping(data.get("roles")), _mapping(data.get("defaults"))
        self._check_keys(("defaults",), defaults, DEFAULT_KEYS)
        for name, given in _mapping(data.get("services")).items():
            if given is not None and not isinstance(given, dict):
                continue  # told with the top
            entry = _Entry(key=("services", name))
            self._check_keys(entry.key, _mapping(given), SERVICE_KEYS)
            for field_name, value in defaults.items():
                entry.put(field_name, value, ("defaults", field_name))
            entry.put("roles", roles, ("roles",))
            for field_name, value in _mapping(given).items():
                entry.put(field_name, value, (*entry.key, field_name))
            self._check_service(name, entry)

    def _check_keys(self, key: Key, given: Mapping[str, object], known: tuple[str, ...]) -> None:
        for name in given:
            if name == "roles" and name not in known:
                self._tell((*key, name), "Roles are not among the defaults.", "Put “roles” at the top of the file.")
            elif name == "name":
                self._tell((*key, name), "There is no such key.", "A service's name is its key; “title” is for people.")
            elif name not in known:
                self._tell((*key, name), "There is no such key.", suggest(name, known))

    def _check_service(self, name: str, entry: _Entry) -> None:
        fields = {key: value for key, value in entry.fields.items() if key in SERVICE_KEYS}
        fields["name"] = name
        fields.setdefault("title", name)
        if isinstance(fields.get("channels"), list):
            fields["channels"] = [self._channel(entry, place, one) for place, one in enumerate(fields["channels"])]
        quiet = fields.get("quiet_hours")
        if isinstance(quiet, dict):
            fields["quiet_hours"] = {"zone": self.time_zone} | quiet
        if isinstance(fields.get("windows"), dict):
            fields["windows"] = {
                place: {"zone": self.time_zone} | given if isinstance(given, dict) else given
                for place, given in fields["windows"].items()
            }
        self.places |= {spell((*entry.key, *key)): entry.place(key) for key in _keys(fields)}
        self._check_roles(fields, entry)
        self._check_reminders(_mapping(fields.get("reminders")), entry)
        self._check_repeated(fields, entry)
        self._check_windows(fields, entry)
        self._check_release_day(fields, entry)
        self._check_signals(fields, entry)
        self._check_hooks(fields, entry)
        self._check_playbook(fields, entry)
        service = self._valid(Service, fields, entry.place, unless=("name",))
        if service is not None:
            self.services[name] = service

    def _channel(self, entry: _Entry, place: int, given: object) -> object:
        """A channel's id. Its name, where there is one, is kept."""
        if not isinstance(given, dict):
            return given
        key = entry.place(("channels", place))
        channel = self._valid(ChannelEntry, given, lambda inner: key + inner)
        if channel is None:
            return f"C000{place}"  # the problem is told; what stands here lets the rest be checked
        entry.origins[("channels", place)] = (*key, "id")
        name = channel.name.removeprefix("#")
        known = self.channel_names.setdefault(channel.id, name)
        if known != name:
            self._tell((*key, "name"), f"{channel.id} is called “{known}” elsewhere in the file.", "Use one name.")
        return channel.id

    def _check_roles(self, fields: Json, entry: _Entry) -> None:
        roles = _mapping(fields.get("roles"))
        required = fields.get("required_signoffs", list(Service.model_fields["required_signoffs"].default))
        required = required if isinstance(required, list) else []
        machines: list[Key] = [("roles", role) for role in roles if role in MACHINES]
        machines += [("required_signoffs", place) for place, role in enumerate(required) if role in MACHINES]
        for key in machines:
            remedy = f"Allowed: {', '.join(PEOPLE_ROLES)}."
            self._tell(entry.place(key), "This is a machine; people can't hold its role.", remedy)
        for role in dict.fromkeys((*(role for role in PEOPLE_ROLES if role in required), *NEEDED_ROLES)):
            if not any(_mapping(roles.get(role)).values()):
                self._nobody(role, entry, is_required=role in required)

    def _nobody(self, role: Role, entry: _Entry, *, is_required: bool) -> None:
        if ("roles", role.value) in entry.origins:
            key = entry.place(("roles", role.value))
        elif is_required and ("required_signoffs",) in entry.origins:
            key = entry.place(("required_signoffs",))
        else:
            key = entry.key
        need = "must sign" if is_required else "is awaited by"
        reason = f"Nobody holds the role “{role.value}”, which {need} every release of {entry.key[-1]}."
        self._tell(key, reason, f"List users or groups under “{role.value}” in “roles”, at the top or in the service.")

    def _check_reminders(self, reminders: Mapping[str, object], entry: _Entry) -> None:
        for name in reminders:
            if name in KNOWN_STEPS.difference(REMINDED_STEPS):
                dialogue = name.rpartition(".")[0]
                remedy = (
                    f"Allowed: {', '.join(step for step in REMINDED_STEPS if step.rpartition('.')[0] == dialogue)}."
                )
                self._tell(entry.place(("reminders", name)), "Nobody is reminded of this step.", remedy)
            elif name not in REMINDED_STEPS:
                remedy = suggest(name, REMINDED_STEPS)
                self._tell(entry.place(("reminders", name)), "There is no such step.", remedy)

    def _check_windows(self, fields: Json, entry: _Entry) -> None:
        environments = fields.get("environments", list(Service.model_fields["environments"].default))
        known = [name for name in environments if isinstance(name, str)] if isinstance(environments, list) else []
        for name in _mapping(fields.get("windows")):
            if known and name not in known:
                self._tell(entry.place(("windows", name)), "There is no such environment.", suggest(name, known))

    def _check_release_day(self, fields: Json, entry: _Entry) -> None:
        """An entry of the team's own says what is to be done; and who owns one must be somebody."""
        roles = _mapping(fields.get("roles"))
        for name, rule in _mapping(fields.get("release_day")).items():
            owner = _mapping(rule).get("owner")
            key = entry.place(("release_day", name))
            if isinstance(rule, dict) and name not in DEFAULT_NAMES and "what" not in rule:
                self._tell(key, "It does not say what is to be done.", "Add “what”, such as: Backups verified.")
            if rule is None and name not in DEFAULT_NAMES and re.match(NAME_PATTERN, name):
                self._tell(key, "There is no such entry to leave out.", suggest(name, DEFAULT_NAMES))
            if owner in PEOPLE_ROLES and not any(_mapping(roles.get(owner)).values()):
                remedy = f"List users or groups under “{owner}” in “roles”, or name another owner."
                self._tell((*key, "owner"), f"Nobody holds the role “{owner}”.", remedy)
            elif owner in MACHINES:
                remedy = f"Allowed: {', '.join(PEOPLE_ROLES)}."
                self._tell((*key, "owner"), "This is a machine; people can't hold its role.", remedy)

    def _check_signals(self, fields: Json, entry: _Entry) -> None:
        """A signal is asked for somewhere, and by a query, save a health endpoint's."""
        monitors = _mapping(fields.get("monitors"))
        for name, given in _mapping(fields.get("signals")).items():
            signal, key = _mapping(given), entry.place(("signals", name))
            chosen = signal.get("monitor", "prometheus")
            if chosen not in monitors:
                told = f"Name one under “monitors”: {', '.join(monitors)}." if monitors else "Add it under “monitors”."
                self._tell(key, f"There is no monitor “{chosen}”.", told)
            elif not signal.get("query") and _mapping(monitors[chosen]).get("kind") != "health":
                self._tell(key, "It has no query.", "Add “query”, in the monitor's own language.")

    def _check_playbook(self, fields: Json, entry: _Entry) -> None:
        """Monitors that checks ask, and checks that items of the checklist name, are there."""
        monitors = _mapping(fields.get("monitors"))
        rules = _mapping(_mapping(fields.get("playbook")).get("checks"))
        for name, given in rules.items():
            for chosen in _monitors_asked(_mapping(given)):
                if chosen not in monitors:
                    remedy = f"Name one under “monitors”: {', '.join(monitors)}." if monitors else _ADD_MONITOR
                    self._tell(entry.place(("playbook", "checks", name)), f"There is no monitor “{chosen}”.", remedy)
        for key, name in _checks_named(fields):
            if name not in rules:
                remedy = suggest(name, tuple(rules)) or "Add it under “playbook”."
                self._tell(entry.place(key), f"There is no check “{name}” in the playbook.", remedy)

    def _check_hooks(self, fields: Json, entry: _Entry) -> None:
        """Word of a deployment leads to an environment that there is."""
        environments = fields.get("environments", list(Service.model_fields["environments"].default))
        known = [name for name in environments if isinstance(name, str)] if isinstance(environments, list) else []
        hooks = _mapping(fields.get("hooks"))
        github = _mapping(hooks.get("github"))
        told = (
            (("github", "environments"), github.get("environments")),
            (("github", "workflows"), github.get("workflows")),
            (("argocd",), hooks.get("argocd")),
        )
        for key, given in told:
            for name, environment in _mapping(given).items():
                if isinstance(environment, str) and known and environment not in known:
                    place = entry.place(("hooks", *key, name))
                    self._tell(place, f"There is no environment “{environment}”.", suggest(environment, known))

    def _check_repeated(self, fields: Json, entry: _Entry) -> None:
        for name in _UNIQUE:
            given = fields.get(name)
            values: list[Any] = given if isinstance(given, list) else []
            for place, value in enumerate(values):
                if isinstance(value, str) and value in values[:place]:
                    self._tell(entry.place((name, place)), f"“{value}” is listed twice.", "Remove one of the two.")

    def _valid(
        self, model: type[Model], data: Json, place: Callable[[Key], Key], unless: Key | None = None
    ) -> Model | None:
        """The model, or None and every problem told. Strict: the file's types are not bent (no 120 from “120”)."""
        try:
            return model.model_validate_json(json.dumps(data), strict=True)
        except ValidationError as error:
            for one in error.errors(include_url=False):
                key = _key_of(one)
                if key != unless and not _follows_from_another(one):
                    self._tell_error(one, place(key))
            return None

    def _tell_error(self, error: ErrorDetails, key: Key) -> None:
        of_a_key = error["type"] == "extra_forbidden" or "[key]" in error["loc"]
        allowed = self._lookup.keys(key[:-1]) if of_a_key else self._lookup.values(key)
        self._tell(key, *explain(error, allowed, self._lookup.description(key)))

    def _tell(self, key: Key, reason: str, remedy: str) -> None:
        if key not in self._document.unreadable:  # else it was told when the file was read
            self._found.append(self._document.problem(key, reason, remedy))


def _key_of(error: ErrorDetails) -> Key:
    """Where an error is; pydantic names the kind of tracker, deployer or check that it looked for as well, which is no
    key of the file.
    """
    loc = error["loc"]
    kinds = {place for place in range(1, len(loc)) if loc[place] in _KINDS.get(loc[place - 1], ())}
    if loc[:2] == ("playbook", "checks") and len(loc) > 3 and loc[3] != "[key]":
        kinds.add(3)
    key = tuple(part for place, part in enumerate(loc) if part != "[key]" and place not in kinds)
    return (*key, "kind") if error["type"].startswith("union_tag") else key


def _monitors_asked(rule: Json) -> Iterator[str]:
    """The monitors that a check of a playbook asks, by name."""
    asked = [rule] if rule.get("kind") == "monitoring" else []
    asked += [side for name in ("left", "right") if (side := _mapping(rule.get(name))).get("query")]
    names = dict.fromkeys(one.get("monitor", "prometheus") for one in asked)
    yield from (name for name in names if isinstance(name, str))


def _checks_named(fields: Json) -> Iterator[tuple[Key, str]]:
    """The checks of the playbook that items of the checklist name, with where they do."""
    for section, title in enumerate(_listed(_mapping(fields.get("checklist")).get("sections"))):
        for item, given in enumerate(_listed(_mapping(title).get("items"))):
            for place, name in enumerate(_listed(_mapping(given).get("checks"))):
                if isinstance(name, str):
                    yield ("checklist", "sections", section, "items", item, "checks", place), name


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _follows_from_another(error: ErrorDetails) -> bool:
    """Pydantic calls a list too short when its entries are wrong."""
    return error["type"] == "too_short" and bool(error["input"])


def _keys(value: object, key: Key = ()) -> Iterator[Key]:
    """Every key of nested data."""
    inner: Iterator[tuple[str | int, object]]
    if isinstance(value, dict):
        inner = iter(value.items())
    elif isinstance(value, list):
        inner = iter(enumerate(value))
    else:
        return
    for part, content in inner:
        yield (*key, part)
        yield from _keys(content, (*key, part))
