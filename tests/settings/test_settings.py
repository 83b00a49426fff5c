"""The configuration file: what is read, what a mistake is answered with, and the schema published for editors."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import time
from pathlib import Path

import jsonschema
import pytest
import yaml

from bot.__main__ import schema_text
from bot.core.policy import Service
from bot.core.release import RELEASE
from bot.core.roles import Role
from bot.errors import ConfigurationError, Problem
from bot.settings import load
from bot.settings.schema import DESCRIPTIONS, REMINDED_STEPS, SERVICE_KEYS, schema
from bot.settings.services import NEEDED_ROLES

ROOT = Path(__file__).resolve().parents[2]
ROLES = """\
roles:
  qa: {users: [U0CHARLIE]}
  devops: {users: [U0JANE]}
  tech_lead: {groups: [S0LEADS]}
"""
GOOD = f"""\
version: 1
{ROLES}
services:
  billing:
    channels: [C0BILLING]
"""

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a configuration file; its path."""

    def written(text: str) -> Path:
        path = tmp_path / "greenlight.yml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


@pytest.fixture
def problems(write: Write) -> Callable[[str], dict[str, Problem]]:
    """The problems of a file's text, by key."""

    def found(text: str) -> dict[str, Problem]:
        with pytest.raises(ConfigurationError) as refused:
            load(write(text))
        return {problem.key: problem for problem in refused.value.problems}

    return found


Problems = Callable[[str], dict[str, Problem]]


# ── what is read ─────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("path", ["greenlight.example.yml", "playground/greenlight.yml"])
def test_shipped_configuration_is_good_and_holds_the_documents_service(path: str) -> None:
    """The examples load, and carry the smoke tests, health checks and watch of the QA-DevOps dialogue."""
    service = load(ROOT / path).services["admin-logistic"]
    assert service.title == "Admin Logistic"
    assert service.components == ("Backend", "Frontend")
    assert service.health_checks == ("API", "Frontend", "Auth")
    assert [link.name for link in service.monitoring] == ["Sentry", "Datadog"]
    assert service.smoke_tests == (
        "Login",
        "Order List",
        "Order Tracking",
        "Excel Export",
        "Create Order",
        "Dashboard",
    )
    assert service.required_signoffs == (Role.TECH_LEAD,)
    assert service.watch == 120


def test_service_takes_what_it_does_not_say_from_the_defaults(write: Write) -> None:
    """A field of a service replaces the default's; what it leaves out is the default's, else the program's."""
    text = GOOD.replace("services:", "defaults: {watch: 30, branch: trunk, smoke_tests: [A, B]}\nservices:")
    service = load(write(f"{text}    watch: 45\n")).services["billing"]
    assert (service.watch, service.branch, service.smoke_tests) == (45, "trunk", ("A", "B"))
    assert service.environments == ("production",)
    assert service.title == "billing"


def test_roles_and_reminders_are_replaced_entry_by_entry(write: Write) -> None:
    """A service that names its own DevOps keeps the file's QA, and its own reminder keeps the default of others."""
    text = GOOD.replace("services:", "defaults: {reminders: {plan: 5, cosign: 6}}\nservices:")
    service = load(write(f"{text}    roles: {{devops: {{users: [U0OTHER]}}}}\n    reminders: {{plan: 7}}\n")).services[
        "billing"
    ]
    assert service.roles[Role.DEVOPS].users == ("U0OTHER",)
    assert service.roles[Role.QA].users == ("U0CHARLIE",)
    assert service.reminders == {"plan": 7, "cosign": 6}


def test_time_zone_of_the_file_is_that_of_quiet_hours(write: Write) -> None:
    """`20:00` without quotes is eight in the evening in the team's zone, and neither 1200 nor UTC."""
    hours = "    quiet_hours: {start: 20:00, end: 08:30, weekends: false}\n"
    configuration = load(write(f"time_zone: Europe/Berlin\n{GOOD}{hours}"))
    quiet = configuration.services["billing"].quiet_hours
    assert quiet is not None
    assert (quiet.start, quiet.end, quiet.zone, quiet.weekends) == (time(20), time(8, 30), "Europe/Berlin", False)
    assert configuration.time_zone == "Europe/Berlin"


def test_service_can_switch_the_default_quiet_hours_off(write: Write) -> None:
    """`quiet_hours: null` means always reminded."""
    text = GOOD.replace("services:", "defaults: {quiet_hours: {start: 20:00}}\nservices:")
    assert load(write(f"{text}    quiet_hours: null\n")).services["billing"].quiet_hours is None


def test_windows_are_in_the_files_zone_and_the_release_day_is_changed_entry_by_entry(write: Write) -> None:
    """A service's own entry stands beside those of the defaults; times without quotes are times."""
    defaults = """\
defaults:
  windows: {production: {weekly: [{days: [tuesday], start: 10:00, end: 15:00}], holidays: {country: DE}}}
  release_day: {T-12h: null, T-45m: {what: Status page}}
services:"""
    text = GOOD.replace("services:", defaults) + "    release_day: {T-6h: {owner: qa}}\n"
    service = load(write(f"time_zone: Europe/Berlin\n{text}")).services["billing"]
    window = service.windows["production"]
    assert (window.zone, window.weekly[0].start) == ("Europe/Berlin", time(10))
    assert service.release_day is not None
    assert set(service.release_day) == {"T-12h", "T-45m", "T-6h"}
    off = load(write(f"{GOOD}    release_day: null\n")).services["billing"]
    assert off.release_day is None


def test_mistakes_in_windows_and_the_release_day_are_told_all_at_once(problems: Problems) -> None:
    """Each with its key and what to do."""
    found = problems(
        GOOD
        + """\
    windows:
      prodution: {zone: Europe/Berlin}
      production:
        weekly: [{days: [tuseday], start: 10:00:30, end: 25:00}]
        holidays: {country: DE, subdivision: XX, dates: [24.12.2024]}
        month_end: 11
    release_day:
      T-5w: null
      T-45m: {owner: devops}
      T-7h: null
      T-6h: {owner: pm}
      T-2h: {owner: ci, waht: x}
"""
    )
    told = {key.removeprefix("services.billing."): str(problem) for key, problem in found.items()}
    assert "Did you mean “production”?" in told["windows.prodution"]
    assert "Did you mean “tuesday”?" in told["windows.production.weekly[0].days[0]"]
    assert "has seconds" in told["windows.production.weekly[0].start"]
    assert "not a time of day" in told["windows.production.weekly[0].end"]
    assert "2024-12-24" in told["windows.production.holidays.dates[0]"]
    assert "at most 10" in told["windows.production.month_end"]
    assert "such as T-2h" in told["release_day.T-5w"]
    assert "Add “what”" in told["release_day.T-45m"]
    assert "no such entry to leave out" in told["release_day.T-7h"]
    assert "Nobody holds the role “pm”" in told["release_day.T-6h.owner"]
    assert "machine" in told["release_day.T-2h.owner"]
    assert "Did you mean “what”?" in told["release_day.T-2h.waht"]


def test_unknown_subdivision_is_told_with_those_there_are(problems: Problems) -> None:
    """A part of a country without a calendar would silently have no holidays of its own."""
    found = problems(f"{GOOD}    windows: {{production: {{holidays: {{country: DE, subdivision: XX}}}}}}\n")
    assert "there are: BB, BE" in found["services.billing.windows.production.holidays"].reason


def test_services_are_found_by_their_channels(write: Write) -> None:
    """A channel may belong to several services; one that belongs to none has none."""
    text = f"{GOOD}  orders:\n    channels: [{{id: C0ORDERS, name: '#orders'}}, C0BILLING]\n"
    configuration = load(write(text))
    assert [service.name for service in configuration.service_in("C0BILLING")] == ["billing", "orders"]
    assert [service.name for service in configuration.service_in("C0ORDERS")] == ["orders"]
    assert configuration.service_in("C0NOWHERE") == ()
    assert configuration.channel_names == {"C0ORDERS": "orders"}


def test_later_problem_is_told_where_the_file_has_its_key(write: Write) -> None:
    """What a service took from elsewhere is named by its place there, with the line."""
    configuration = load(write(GOOD))
    problem = configuration.problem("services.billing.roles.devops.users[0]", "Unknown.", "Fix.")
    assert (problem.key, problem.line) == ("roles.devops.users[0]", 4)
    assert str(problem).endswith("greenlight.yml:4: roles.devops.users[0]: Unknown. Fix.")


# ── what mistakes are answered with ──────────────────────────────────────────────────────────────────────────────────
def test_every_problem_is_told_at_once_in_the_order_of_the_file(write: Write) -> None:
    """One start shows all that must be changed, each with its line, key, reason and remedy."""
    text = """\
version: 2
rolls: {}
roles:
  qa: {users: [jane]}
  devops: {user: [U0JANE]}
  quality: {users: [U0CHARLIE]}
defaults:
  wach: 30
services:
  billing:
    channels: []
    required_signoffs: [tech_led, security]
    reminders: {plam: 5, note: 6}
    watch: soon
    smoke_tests: [Login, Login]
"""
    with pytest.raises(ConfigurationError) as refused:
        load(write(text))
    told = [(problem.line, problem.key, f"{problem.reason} {problem.remedy}") for problem in refused.value.problems]
    assert [(line, key) for line, key, _ in told] == [
        (1, "version"),
        (2, "rolls"),
        (4, "roles.qa.users[0]"),
        (5, "roles.devops.user"),
        (6, "roles.quality"),
        (8, "defaults.wach"),
        (10, "services.billing"),
        (11, "services.billing.channels"),
        (12, "services.billing.required_signoffs"),
        (12, "services.billing.required_signoffs[0]"),
        (13, "services.billing.reminders.plam"),
        (13, "services.billing.reminders.note"),
        (14, "services.billing.watch"),
        (15, "services.billing.smoke_tests[1]"),
    ]
    words = "\n".join(text for _, _, text in told)
    assert "“jane” is not the id of a Slack user" in words
    assert "Did you mean “roles”?" in words
    assert "Did you mean “users”?" in words
    assert "Did you mean “watch”?" in words
    assert "Did you mean “tech_lead”?" in words
    assert "Did you mean “plan”?" in words
    assert "Nobody holds the role “security”, which must sign every release of billing." in words
    assert "Nobody holds the role “tech_lead”, which is awaited by every release of billing." in words


@pytest.mark.parametrize(
    ("line", "key", "words"),
    [
        ("watch: yes", "watch", "“yes” must be a whole number"),
        ('watch: "120"', "watch", "must be a whole number. Write digits without quotes"),
        ("watch: 4", "watch", "Use at least 5"),
        ("branch: 1.2", "branch", "put numbers and true or false in quotes"),
        ("title:", "title", "Nothing is written here"),
        ("components: Backend", "components", "must be a list"),
        ("quiet_hours: {start: 25:00}", "quiet_hours.start", 'Write it as "20:00"'),
        ("quiet_hours: {zone: Mars/Base}", "quiet_hours.zone", "is not a time zone"),
        ("quiet_hours: {weekends: no}", "quiet_hours.weekends", "must be true or false"),
        ("monitoring: [{name: A, url: sentry}]", "monitoring[0].url", "is not a link"),
        ("team_group: U0JANE", "team_group", "is not the id of a Slack user group"),
        ("environments: []", "environments", "Give at least 1"),
        ("environments: [Pro Duction]", "environments[0]", "is not a short name"),
        ("required_signoffs: [clock]", "required_signoffs[0]", "is a machine"),
        ("reminders: {complete: 5}", "reminders.complete", "Nobody is reminded of this step. Allowed: cosign, plan"),
        ("reminders: {rollback.decid: 5}", "reminders.rollback.decid", "no such step. Did you mean “rollback.decide”"),
        ("reminders: {rollback.favour: 5}", "reminders.rollback.favour", "Allowed: rollback.decide, rollback.initiate"),
        ("reminders: {plan: 0}", "reminders.plan", "Use at least 1"),
        ("name: other", "name", "A service's name is its key"),
        ("roles: {devops: {}}", "roles.devops", "Nobody holds the role “devops”"),
        ("<<: {watch: 3}", "<<", "There is no such key"),
    ],
)
def test_wrong_field_is_named_with_what_to_do(line: str, key: str, words: str, problems: Problems) -> None:
    """One wrong field is one problem, at its own key, with a remedy."""
    found = problems(f"{GOOD}    {line}\n")
    assert list(found) == [f"services.billing.{key}"]
    assert words in str(found[f"services.billing.{key}"])


@pytest.mark.parametrize(
    ("entry", "key", "words"),
    [
        ("releases", "[0]", "is not the id of a Slack channel"),
        ("{name: releases}", "[0].id", "It is missing"),
        ("{id: C0X1, nam: releases}", "[0].nam", "Did you mean “name”?"),
        ("{id: '#releases', name: releases}", "[0].id", "foot of the channel's “About” tab"),
        ("C0X1, C0X1", "[1]", "is listed twice"),
    ],
)
def test_wrong_channel_is_named_with_what_to_do(entry: str, key: str, words: str, problems: Problems) -> None:
    """A channel may be an id or {id, name}; each is checked where it stands."""
    found = problems(GOOD.replace("[C0BILLING]", f"[{entry}]"))
    assert words in str(found[f"services.billing.channels{key}"])


def test_channel_with_two_names_is_a_problem(problems: Problems) -> None:
    """One id under two names is a copied line whose id was forgotten."""
    text = GOOD.replace("[C0BILLING]", "[{id: C0X1, name: a}]") + "  orders: {channels: [{id: C0X1, name: b}]}\n"
    assert "is called “a” elsewhere" in str(problems(text)["services.orders.channels[0].name"])


def test_problem_of_the_defaults_is_told_once_and_there(write: Write) -> None:
    """Ten services with one wrong default are one problem."""
    text = GOOD.replace("services:", "defaults: {watch: 1}\nservices:") + "  orders: {channels: [C0ORDERS]}\n"
    with pytest.raises(ConfigurationError) as refused:
        load(write(text))
    assert [problem.key for problem in refused.value.problems] == ["defaults.watch"]


def test_roles_among_the_defaults_are_sent_to_the_top(problems: Problems) -> None:
    """Roles have one place for all services."""
    found = problems(GOOD.replace("services:", "defaults: {roles: {}}\nservices:"))
    assert "Put “roles” at the top" in found["defaults.roles"].remedy


@pytest.mark.parametrize("role", ["qa", "devops", "tech_lead"])
def test_role_that_every_release_awaits_must_be_held(role: str, problems: Problems) -> None:
    """Without QA, DevOps or Tech Lead a release would stand still for ever."""
    text = "\n".join(line for line in GOOD.splitlines() if f"  {role}:" not in line)
    assert f"Nobody holds the role “{role}”" in str(problems(f"{text}\n    required_signoffs: []\n"))
    assert Role(role) in NEEDED_ROLES


def test_key_given_twice_is_a_problem_and_the_rest_is_still_checked(problems: Problems) -> None:
    """YAML loaders keep the last one in silence."""
    found = problems(f"{GOOD}    watch: 60\n    watch: 30\n    branch: 7\n")
    twice = found["services.billing.watch"]
    assert (twice.line, twice.reason) == (11, "This key is given twice; the first is on line 10.")
    assert "services.billing.branch" in found


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "The file is empty"),
        ("# nothing yet\n", 1, "The file is empty"),
        ("- version: 1\n", 1, "must be a mapping"),
        ("version: 1\nservices:\n\tbilling: {}\n", 3, "YAML allows no tabs"),
        ("version: 1\nservices: [\n", 3, "This is not YAML (column 1)"),
        ("version: 1\nrelease: @qa\n", 2, "Put this value in quotes"),
        ("version: 1: 2\n", 1, "Check the indentation, and put a value that contains “: ” in quotes"),
        ("version: 1\n---\nversion: 1\n", 2, "remove the line “---”"),
        ("version: 1\nteam: *everyone\n", 2, "Put a value that begins with “*” in quotes"),
        ("version: 1\nteam: \x07\n", 2, "a character that YAML does not allow"),
    ],
)
def test_file_that_is_not_yaml_is_told_by_line(text: str, line: int, words: str, problems: Problems) -> None:
    """A file that can't be read at all is one problem, with its line and column and what to do."""
    (problem,) = problems(text).values()
    assert problem.line == line
    assert words in str(problem)


def test_alias_that_contains_itself_is_a_problem_and_ends(problems: Problems) -> None:
    """A recursive alias is refused instead of followed for ever."""
    assert "contains itself" in problems(f"{GOOD}    roles: &r {{qa: *r}}\n")["services.billing.roles.qa"].reason


def test_foreign_tag_is_a_problem_and_nothing_is_built(problems: Problems) -> None:
    """A YAML tag names a Python object for nobody."""
    text = f"{GOOD}    title: !!python/object/apply:os.getcwd []\n"
    assert "is not supported" in problems(text)["services.billing.title"].reason


def test_file_that_is_not_there_says_what_to_copy(tmp_path: Path) -> None:
    """The first start without a file ends with the way to one."""
    with pytest.raises(ConfigurationError, match=r"no such file.*greenlight\.example\.yml.*GREENLIGHT_CONFIG"):
        load(tmp_path / "nowhere.yml")


@pytest.mark.parametrize(("content", "words"), [(b"title: \xe9", "is not UTF-8"), (None, "can't be read")])
def test_file_that_cannot_be_read_says_why(content: bytes | None, words: str, tmp_path: Path) -> None:
    """Another encoding and a directory are told as such."""
    path = tmp_path / "greenlight.yml"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=words):
        load(path)


# ── the published schema ─────────────────────────────────────────────────────────────────────────────────────────────
def test_published_schema_is_the_models_own() -> None:
    """greenlight.schema.json is what `greenlight schema` prints; `make schema` writes it anew."""
    assert (ROOT / "greenlight.schema.json").read_text(encoding="utf-8") == schema_text()
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("path", ["greenlight.example.yml", "playground/greenlight.yml"])
def test_shipped_configuration_satisfies_the_schema_it_names(path: str) -> None:
    """An editor that follows the file's first line finds the schema, and nothing to complain of."""
    text = (ROOT / path).read_text(encoding="utf-8")
    named = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    published = json.loads((ROOT / path).parent.joinpath(named).read_text(encoding="utf-8"))
    data = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - plain text for all scalars; builds no objects
    data["version"] = int(data["version"])
    as_numbers = json.loads(json.dumps(data), parse_int=int, object_hook=_typed)
    jsonschema.validate(as_numbers, published)


def _typed(mapping: dict[str, object]) -> dict[str, object]:
    """The base loader leaves text; numbers, truth and null as YAML 1.2 reads them."""
    return {key: _value(value) for key, value in mapping.items()}


def _value(value: object) -> object:
    if isinstance(value, list):
        return [_value(one) for one in value]
    if not isinstance(value, str):
        return value
    plain: dict[str, object] = {"true": True, "false": False, "null": None}
    return int(value) if value.isdigit() else plain.get(value, value)


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"services": {"billing": {"channels": ["C0X1"], "wach": 5}}},
        {"services": {"billing": {"channels": ["releases"]}}},
        {"services": {"billing": {"channels": ["C0X1"], "reminders": {"plam": 5}}}},
        {"roles": {"clock": {"users": ["U0X1"]}}},
        {"defaults": {"roles": {}}},
        {"version": 2},
    ],
)
def test_schema_refuses_what_the_program_refuses(change: dict[str, object]) -> None:
    """What an editor lets pass must not be refused at the start for a reason it could have seen."""
    good: dict[str, object] = {"version": 1, "services": {"billing": {"channels": ["C0X1"]}}}
    jsonschema.validate(good, schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(good | change, schema())


def test_every_key_of_a_service_is_described() -> None:
    """The schema's descriptions are what an editor shows; a new field of Service must bring its own."""
    assert set(SERVICE_KEYS) == set(Service.model_fields) - {"name"}
    assert set(DESCRIPTIONS) == set(SERVICE_KEYS)


def test_reminders_may_be_set_for_the_steps_that_people_are_awaited_for() -> None:
    """The awaited steps, without the one that the clock takes: a release's alone, the others with their dialogue."""
    awaited = {step.name for state in RELEASE.states for step in RELEASE.awaited(state.name)}
    assert {name for name in REMINDED_STEPS if "." not in name} == awaited - {"complete"}
    others = {name for name in REMINDED_STEPS if name.startswith("rollback.")}
    assert others == {f"rollback.{step}" for step in ["decide", "initiate", "complete", "verify", "close", "publish"]}


# ── the checklist ────────────────────────────────────────────────────────────────────────────────────────────────────
CHECKLIST = f"{GOOD}    checklist:\n      gates: true\n      sections:\n"


def test_a_service_may_have_a_checklist_of_its_own(write: Write) -> None:
    """A text alone is an item; a mapping says more."""
    items = '[Backup taken, {text: "{component} deployed", proved_by: deployed.components}]'
    checklist = load(write(f"{CHECKLIST}        - {{title: Before, items: {items}}}\n")).services["billing"].checklist
    assert checklist.gates
    assert [line.text for line in checklist.lines(("Backend",))] == ["Backup taken", "Backend deployed"]
    assert load(write(GOOD)).services["billing"].checklist.gates is False


@pytest.mark.parametrize(
    ("section", "key", "reason", "remedy"),
    [
        ("{title: A, items: []}", "sections[0].items", "too few entries", "at least 1"),
        ("{title: A, owner: ci, items: [B]}", "sections[0].owner", "is a machine's role; allowed are qa, devops", ""),
        (
            "{title: A, items: [{text: B, proved_by: deployed.component}]}",
            "sections[0].items[0].proved_by",
            "“deployed.component” is not allowed here",
            "Did you mean “deployed.components”?",
        ),
        (
            "{title: A, items: [{text: B, proved_by: deployed.components}]}",
            "sections[0].items[0]",
            "its text must hold “{component}”",
            "",
        ),
        (
            "{title: A, items: [{text: B, gates: deployed}]}",
            "sections[0].items[0].gates",
            "is not allowed here",
            "start",
        ),
        ("{title: A, items: [{txt: B}]}", "sections[0].items[0].txt", "no such key", "Did you mean “text”?"),
        ("{title: A, items: [B, b!]}", "", "two items that are called “b”", ""),
    ],
)
def test_a_mistake_in_a_checklist_is_told_with_its_key(
    problems: Problems, section: str, key: str, reason: str, remedy: str
) -> None:
    found = problems(f"{CHECKLIST}        - {section}\n")
    problem = found[f"services.billing.checklist.{key}".rstrip(".")]
    assert reason in problem.reason
    assert remedy in problem.remedy


# ── authority ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_matrices_are_the_documents_unless_a_team_says_otherwise(write: Write) -> None:
    """What is not named keeps its default."""
    given = (
        "    authority: {decisions: {downtime_window: [tech_lead]}, emergencies: {cost_overrun: [pm, stakeholder]}}\n"
    )
    authority = load(write(GOOD + given)).services["billing"].authority
    assert authority.decisions.downtime_window == (Role.TECH_LEAD,)
    assert authority.decisions.deployment_platform == (Role.TECH_LEAD, Role.PM)
    assert authority.emergencies.cost_overrun == (Role.PM, Role.STAKEHOLDER)
    assert authority.emergencies.security_breach == (Role.TECH_LEAD, Role.PM, Role.STAKEHOLDER)
    assert authority.handoffs.incident_resolved == (Role.TECH_LEAD,)


@pytest.mark.parametrize(
    ("given", "key", "reason", "remedy"),
    [
        ("{decisions: {downtime: [pm]}}", "decisions.downtime", "no such key", "Did you mean “downtime_window”?"),
        ("{decisions: {cost: pm}}", "decisions.cost", "must be a list", "[one, two]"),
        ("{decisions: {cost: [boss]}}", "decisions.cost[0]", "“boss” is not allowed here", "Allowed: qa, devops"),
        ("{emergencies: {cost_overrun: [ci]}}", "emergencies.cost_overrun[0]", "is a machine's role", ""),
    ],
)
def test_a_mistake_in_the_matrices_is_told_with_its_key(
    problems: Problems, given: str, key: str, reason: str, remedy: str
) -> None:
    problem = problems(f"{GOOD}    authority: {given}\n")[f"services.billing.authority.{key}"]
    assert reason in problem.reason
    assert remedy in problem.remedy


@pytest.mark.parametrize(
    ("check", "key", "reason"),
    [
        ("{kind: http, url: 'https://shop.example.com/', method: POST}", "", "changes something with POST"),
        ("{kind: ping, url: 'https://shop.example.com/'}", ".kind", "“ping” is not allowed here"),
        ("{url: 'https://shop.example.com/'}", ".kind", "It is missing"),
        ("{kind: http, url: shop.example.com}", ".url", "is not a link"),
        (
            "{kind: http, url: 'https://shop.example.com/', secret_headers: {A: s3cr3t}}",
            ".secret_headers.A",
            "variable",
        ),
        ("{kind: http, url: 'https://shop.example.com/', within: 0}", ".within", "too small"),
        ("{kind: k6}", "", "needs either a “url” or a “path”"),
        ("{kind: k6, path: k6.json}", ".path", "is not a path"),
        ("{kind: locust, path: /reports/stats.csv}", "", "has no limits"),
        ("{kind: trivy, path: /t.json, most: {severe: 1}}", ".most.severe", "There is no such key"),
        ("{kind: monitoring, query: up}", "", "There is no monitor “prometheus”"),
        ("{kind: feedback, people: [pavel]}", ".people[0]", "is not the id of a Slack user"),
        ("{kind: feedback, people: [U0PAVEL], answers: 2}", "", "waits for 2 answers, and asks fewer people"),
        ("{kind: monitoring}", "", "needs a “query”"),
        ("{kind: consistency, left: {query: up}, right: {query: up, monitor: other}}", "", "no monitor “"),
        ("{kind: consistency, left: {query: up}, right: {}}", ".right", "needs either a “url” or a “query”"),
        ("{kind: snyk, path: /s.json, allowed: [{id: A, until: 2024-01-01}]}", ".allowed[0].reason", "It is missing"),
    ],
)
def test_a_check_that_cannot_be_meant_is_named_with_what_is_wrong(
    problems: Problems, check: str, key: str, reason: str
) -> None:
    """At the key where it stands, whatever kind of check it is."""
    found = problems(GOOD + f"    playbook:\n      checks:\n        one: {check}\n")
    assert reason in str(found[f"services.billing.playbook.checks.one{key}"])


def test_an_item_that_names_a_check_which_is_not_in_the_playbook_is_told(problems: Problems) -> None:
    """With what was probably meant."""
    playbook = "    playbook: {checks: {health: {kind: http, url: 'https://shop.example.com/'}}}\n"
    item = "{text: Healthy, proved_by: validated, checks: [helth]}"
    checklist = f"    checklist: {{sections: [{{title: Verification, items: [{item}]}}]}}\n"
    found = problems(GOOD + playbook + checklist)
    told = found["services.billing.checklist.sections[0].items[0].checks[0]"]
    assert told.reason == "There is no check “helth” in the playbook."
    assert told.remedy == "Did you mean “health”?"
