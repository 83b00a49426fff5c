"""The shape of the configuration file: its top, and the JSON Schema that editors check it with as it is typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from bot.core.dialogues import DIALOGUES
from bot.core.events import Fact
from bot.core.policy import ChannelId, Holders, Identifier, Service
from bot.core.reminders import reminder_key
from bot.core.roles import PEOPLE_ROLES, Role
from bot.core.wall_clock import ZoneName
from bot.settings.file import Key

Json = dict[str, Any]
ChannelName = Annotated[str, StringConstraints(pattern=r"^#?[^\s#A-Z]{1,80}$")]


class ChannelEntry(Fact):
    """A channel with the name people know it by. The id decides; the name is for readers and messages."""

    id: ChannelId
    name: ChannelName


class ConfigurationFile(Fact):
    """The top of the file. What stands in `defaults` and `services` is checked as bot.core.policy.Service."""

    version: Literal[1]
    time_zone: ZoneName = "UTC"
    roles: dict[Role, Holders] = Field(default_factory=dict)
    defaults: Json | None = None
    services: dict[Identifier, Json | None] = Field(min_length=1)


REMINDED_STEPS = tuple(
    reminder_key(dialogue.name, step.name)
    for dialogue in DIALOGUES.values()
    for step in dialogue.steps
    if step.wait and not (isinstance(step.by, tuple) and step.by[0] is Role.CLOCK)
)
"""The steps somebody is reminded of: what `reminders` may name. The clock needs no reminding."""

KNOWN_STEPS = frozenset(
    reminder_key(dialogue.name, step.name) for dialogue in DIALOGUES.values() for step in dialogue.steps
)

SERVICE_KEYS = tuple(name for name in Service.model_fields if name != "name")
DEFAULT_KEYS = tuple(name for name in SERVICE_KEYS if name != "roles")

DESCRIPTIONS = {
    "title": "What people call the service. Its key, unless given.",
    "channels": "Where its commands belong, as ids or {id, name}; the first hears its releases.",
    "environments": "Where it is released to; the first is meant unless another is named.",
    "branch": "The branch that is released unless the approval names another.",
    "roles": "Who holds which role for this service; an entry takes the place of the same role at the top.",
    "required_signoffs": "The roles that must sign besides QA's approval, each by a different person.",
    "components": "What a deployment notice reports as healthy or not.",
    "health_checks": "What is checked right after a deployment.",
    "monitoring": "Dashboards shown with every deployment notice.",
    "smoke_tests": "The rows of the smoke test's table.",
    "watch": "Minutes that production is watched after its verification.",
    "reminders": "Minutes after which the owner of a step is reminded, such as plan or rollback.decide.",
    "quiet_hours": "When nobody is reminded of what can wait; null for never.",
    "early_start": "Minutes that a deployment may start before the agreed time.",
    "authority": "Whose agreement decisions need, who is told of emergencies, to whom what is handed over.",
    "checklist": "What has to be done for each release, in sections; the documents' template, unless given.",
    "canary": "How a canary deployment gets its share of the traffic: shares in percent, minutes watched at each.",
    "monitors": "Where signals are measured, by name: Prometheus, Sentry, Datadog, or a plain health endpoint.",
    "signals": "What is watched after a deployment, by name; known names bring the documents' limits along.",
    "measuring": "How often signals are looked at, and with how long before the deployment they are compared.",
    "alertmanager": "The service's Alertmanager: which alerts are the service's, and which a deployment causes.",
    "routing": "Who is told of trouble beside the thread, by severity: P0, critical, warning.",
    "team_group": "The user group that announcements ping; without one they ping nobody.",
    "windows": "When deployments may begin, by environment; one that is not named is always open.",
    "tracker_url": "Where a ticket is found by its key, such as https://jira.example.com/browse/{key}.",
    "tracker": "Where tickets are opened for environment issues and requests: Jira or GitHub Issues.",
    "hooks": "Whose word of this service's deployments counts: a repository on GitHub, applications of Argo CD.",
    "deployer": "What starts deployments and rollbacks for people: GitHub Actions, Argo CD or a webhook.",
    "playbook": "What is checked against the live environment after a deployment, or by /release validate.",
    "release_day": "Changes to the release day's clock, by entry (T-24h, T+5m): what and owner, or null to leave one "
    "out; null instead of all switches the clock off.",
}
CHECK_DESCRIPTIONS = {
    "kind": "What kind of check it is.",
    "title": "What people call the check; its name, unless given.",
    "required": "Whether production counts as bad where it fails; false: for information.",
    "retries": "How often it is tried again where it did not pass: twice, or never where it changes something.",
    "pause": "Seconds before it is tried again.",
    "timeout": "Seconds that one try may take.",
    "url": "The address that is asked.",
    "headers": "Headers that may be known to everybody.",
    "secret_headers": "Headers with the environment variables that hold their values.",
    "basic_auth": "The environment variable that holds user:password.",
    "method": "GET, HEAD or OPTIONS; another only where it is marked as synthetic.",
    "synthetic": "Whether it may change something, because its data are test data.",
    "body": "What is sent.",
    "status": "The status that is expected.",
    "fields": "What the JSON answer must hold, by path such as checks.database or items[0].id.",
    "contains": "Text that the answer must hold.",
    "left": "Where the value is: url and field, or a monitor's query.",
    "right": "Where the same value is, too.",
    "tolerance": "How far apart two numbers may be.",
    "percent": "How far apart two numbers may be, in percent of the larger.",
    "monitor": "The monitor that is asked, by its name under monitors.",
    "query": "A query that has to have values, in the monitor's own language.",
    "minutes": "How many minutes back the query has to have had values; how many minutes people have to answer.",
    "alert_rule": "The name of an alerting rule that has to be loaded.",
    "people": "Who is asked privately, by user id.",
    "question": "What they are asked.",
    "answers": "How many of them have to answer at least.",
    "path": "The file with the report, on the machine that Greenlight runs on.",
    "most": "The most that there may be, by measure (http_req_duration.p(95), p95) or by severity.",
    "least": "The least that there has to be, by measure.",
    "tests": "How many tests have to be run at least.",
    "skipped": "How many tests may be skipped at most.",
    "allowed": "Findings that are accepted, with the reason, until a day.",
    "within": "The most milliseconds that it may take.",
}
_TOP_DESCRIPTIONS = {
    "version": "The version of this file's format: 1.",
    "time_zone": "The team's time zone, by its IANA name such as Europe/Berlin.",
    "roles": "Who holds which role for every service: users and user groups, by id.",
    "defaults": "What holds for every service that does not say otherwise.",
    "services": "The services that are released, by short name.",
}


def schema() -> Json:
    """The JSON Schema (draft 2020-12) of the configuration file."""
    top = ConfigurationFile.model_json_schema()
    service = Service.model_json_schema()
    definitions: Json = top.pop("$defs") | service.pop("$defs") | {"ChannelEntry": ChannelEntry.model_json_schema()}
    definitions["Role"] |= {"enum": [role.value for role in PEOPLE_ROLES], "description": "A role held by people."}
    _describe_quiet_hours(definitions["QuietHours"]["properties"])
    _describe_windows(definitions)
    _describe_trackers(definitions)
    _describe_hooks(definitions)
    _describe_deployers(definitions)
    _describe_playbook(definitions)
    properties: Json = service["properties"]
    properties["channels"]["items"] = {"anyOf": [properties["channels"]["items"], {"$ref": "#/$defs/ChannelEntry"}]}
    of_items = definitions["Section"]["properties"]["items"]
    of_items["items"] = {"anyOf": [{"type": "string", "maxLength": 75}, of_items["items"]]}
    del properties["title"]["default"]
    properties["reminders"]["propertyNames"] = {"enum": list(REMINDED_STEPS)}
    described = {key: properties[key] | {"description": DESCRIPTIONS[key]} for key in SERVICE_KEYS}
    definitions["Service"] = _closed(described, SERVICE_KEYS, service["description"])
    definitions["Defaults"] = _closed(described, DEFAULT_KEYS, "Any field of a service but its roles.")
    for key, description in _TOP_DESCRIPTIONS.items():
        top["properties"][key]["description"] = description
    top["properties"]["defaults"]["anyOf"] = [{"$ref": "#/$defs/Defaults"}, {"type": "null"}]
    _values_of(top["properties"]["services"], {"anyOf": [{"$ref": "#/$defs/Service"}, {"type": "null"}]})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **top,
        "title": "Greenlight's configuration",
        "$defs": dict(sorted(definitions.items())),
    }


def _describe_quiet_hours(properties: Json) -> None:
    """People write 20:00; JSON Schema's own `time` format would have editors ask for seconds and an offset."""
    for key, default in (("start", "20:00"), ("end", "08:00")):
        del properties[key]["format"]
        properties[key] |= {"pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$", "default": default}
    del properties["zone"]["default"]
    properties["zone"]["description"] = "The file's time_zone, unless given."
    properties["weekends"]["description"] = "Whether Saturday and Sunday are quiet all day."


def _describe_windows(definitions: Json) -> None:
    for key in ("start", "end"):
        of_window = definitions["WeeklyWindow"]["properties"][key]
        del of_window["format"]
        of_window["pattern"] = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
    windows, free = definitions["Windows"]["properties"], definitions["Holidays"]["properties"]
    del windows["zone"]["default"]
    described = {
        "zone": "The file's time_zone, unless given.",
        "weekly": "Days and times at which deployments may begin; without any, every day.",
        "avoid": "Days of the week on which nothing is deployed.",
        "holidays": "Public holidays, and days of the team's own, on which nothing is deployed.",
        "month_end": "So many days at the end of the month nothing is deployed.",
    }
    for key, description in described.items():
        windows[key]["description"] = description
    free["country"]["description"] = "The country whose public holidays count, by its ISO 3166 letters such as DE."
    free["subdivision"]["description"] = "Its part, such as BE for Berlin, where that has holidays of its own."
    free["dates"]["description"] = "Other days on which nothing is deployed, such as 2024-12-24."
    rule = definitions["EntryRule"]["properties"]
    rule["what"]["description"] = "What is to be done."
    rule["owner"]["description"] = "The role that is told, and that confirms it."


def _describe_trackers(definitions: Json) -> None:
    jira, github = definitions["JiraRule"]["properties"], definitions["GitHubRule"]["properties"]
    described = {
        "url": "Where Jira is, such as https://acme.atlassian.net.",
        "project": "The project's key, such as OPS.",
        "issue_type": "The type of the issues, by its name.",
        "labels": "Labels of every ticket, besides the one by which Greenlight finds it.",
    }
    for key, description in described.items():
        jira[key]["description"] = description
    github["repository"]["description"] = "The repository whose issues they are, such as acme/shop."
    github["labels"]["description"] = "Labels of every ticket."
    github["url"]["description"] = "The API of GitHub Enterprise Server, such as https://github.example.com/api/v3."
    for properties in (jira, github):
        properties["kind"]["description"] = "Which tracker it is."


def _describe_hooks(definitions: Json) -> None:
    github, hooks = definitions["GitHubHook"]["properties"], definitions["Hooks"]["properties"]
    github["repository"]["description"] = "The repository that is deployed, such as acme/shop."
    github["environments"]["description"] = "GitHub's environments with ours; those of the same name, unless given."
    github["workflows"]["description"] = (
        "Workflows whose runs are deployments, such as deploy.yml, with the environment."
    )
    hooks["argocd"]["description"] = "Applications of Argo CD, with the environment that each deploys to."


def _describe_deployers(definitions: Json) -> None:
    workflow, argo, webhook = (definitions[name]["properties"] for name in ("WorkflowRule", "ArgoRule", "WebhookRule"))
    workflow["repository"]["description"] = "The repository of the workflow, such as acme/shop."
    workflow["workflow"]["description"] = "The workflow's file, such as deploy.yml."
    workflow["ref"]["description"] = "The branch or tag whose workflow runs."
    workflow["inputs"]["description"] = "The workflow's inputs; {version}, {commit} and others are filled in."
    workflow["url"]["description"] = "The API of GitHub Enterprise Server, such as https://github.example.com/api/v3."
    argo["url"]["description"] = "Where Argo CD is, such as https://argocd.example.com."
    argo["application"]["description"] = "The application's name."
    argo["revision"]["description"] = "The Git revision of a version: {version} for a tag, or {commit}."
    webhook["url"]["description"] = "Where signed orders go."
    for properties in (workflow, argo, webhook):
        properties["kind"]["description"] = "Which deployer it is."
        properties["starts"]["description"] = "What it is asked for."
        properties["rollback"]["description"] = "automatic: a P0 that the watch finds is rolled back at once."
        properties["rollback_minutes"]["description"] = (
            "How long a rollback takes that begins by itself, as it is told."
        )
        properties["reports"]["description"] = "Its word that it is done is taken for people's."


def _describe_playbook(definitions: Json) -> None:
    playbook = definitions["Playbook"]["properties"]
    playbook["automatic"]["description"] = "Whether it is run by itself when a deployment is told."
    playbook["header"]["description"] = "The header that marks test traffic, on every request of a check."
    playbook["checks"]["description"] = "The checks by name, in their order."
    for name, text in CHECK_DESCRIPTIONS.items():
        for definition in definitions.values():
            if "timeout" in definition.get("properties", {}) and name in definition["properties"]:
                definition["properties"][name]["description"] = text


def _closed(properties: Json, keys: tuple[str, ...], description: str) -> Json:
    return {
        "type": "object",
        "description": description,
        "properties": {key: properties[key] for key in keys},
        "additionalProperties": False,
    }


def _values_of(mapping: Json, value: Json) -> None:
    """Replace what a mapping with constrained keys holds."""
    (pattern,) = mapping["patternProperties"]
    mapping["patternProperties"] = {pattern: value}
    mapping["additionalProperties"] = False


class Lookup(BaseModel):
    """Answers from the schema: what may stand at a key, and what it is for."""

    model_config = ConfigDict(frozen=True)

    document: Json

    def keys(self, key: Key) -> tuple[str, ...]:
        """The keys that may stand in the mapping at a key."""
        nodes = list(self._at(key))
        named = (name for node in nodes for name in node.get("properties", {}))
        chosen = (
            name for node in nodes for part in self._open(node.get("propertyNames", {})) for name in _values(part)
        )
        return tuple(dict.fromkeys((*named, *chosen)))

    def values(self, key: Key) -> tuple[str, ...]:
        """The values that may stand at a key, where they are few."""
        return tuple(dict.fromkeys(value for node in self._at(key) for value in _values(node)))

    def description(self, key: Key) -> str:
        return next((node["description"] for node in self._at(key) if "description" in node), "")

    def _at(self, key: Key) -> Iterator[Json]:
        nodes = list(self._open(self.document))
        for part in key:
            nodes = [opened for node in nodes for child in _children(node, part) for opened in self._open(child)]
        yield from nodes

    def _open(self, node: Json) -> Iterator[Json]:
        """A node and all that it refers to or chooses from."""
        yield node
        if "$ref" in node:
            yield from self._open(self.document["$defs"][node["$ref"].rpartition("/")[2]])
        for option in (*node.get("anyOf", ()), *node.get("oneOf", ())):
            yield from self._open(option)


def _values(node: Json) -> Iterator[str]:
    yield from (str(value) for value in node.get("enum", ()))
    if "const" in node:
        yield str(node["const"])


def _children(node: Json, part: str | int) -> Iterator[Json]:
    if isinstance(part, int):
        if isinstance(node.get("items"), dict):
            yield node["items"]
        return
    if part in node.get("properties", {}):
        yield node["properties"][part]
        return
    yield from node.get("patternProperties", {}).values()
    if isinstance(node.get("additionalProperties"), dict):
        yield node["additionalProperties"]
