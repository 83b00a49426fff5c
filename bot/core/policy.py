"""The rules a team sets for a service: who holds which role, what must be signed, what is tested, when people sleep."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, HttpUrl, StringConstraints

from bot.core.addresses import NoPassword
from bot.core.alerts import AlertRule
from bot.core.authority import Authority
from bot.core.canary import CanaryRule
from bot.core.checklist import Checklist
from bot.core.deployer_rules import DeployerRule
from bot.core.events import Fact
from bot.core.playbook import Playbook
from bot.core.release_day import EntryName, EntryRule
from bot.core.roles import Role
from bot.core.routing import Routing
from bot.core.signals import SignalName, Signals
from bot.core.tickets import Repository, TrackerRule
from bot.core.wall_clock import ClockTime, ZoneName
from bot.core.windows import Windows

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
UserId = Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]{2,}$")]
GroupId = Annotated[str, StringConstraints(pattern=r"^S[A-Z0-9]{2,}$")]
ChannelId = Annotated[str, StringConstraints(pattern=r"^[CG][A-Z0-9]{2,}$")]


TrackerUrl = Annotated[
    str, StringConstraints(pattern=r"^https?://[^\s<>|]*\{key\}[^\s<>|]*$", max_length=500), NoPassword()
]

_MONITOR_SECRETS = {
    "prometheus": "the environment variable PROMETHEUS_TOKEN",
    "sentry": "the environment variable SENTRY_TOKEN",
    "datadog": "the environment variables DATADOG_API_KEY and DATADOG_APP_KEY",
}


class Holders(Fact):
    """Who holds a role: listed users and the members of Slack user groups."""

    users: tuple[UserId, ...] = ()
    groups: tuple[GroupId, ...] = ()


class Link(Fact):
    """A named address, such as a dashboard."""

    name: Name
    url: Annotated[HttpUrl, NoPassword()]


class QuietHours(Fact):
    """When nobody is reminded of what can wait. `start` may be later than `end`: the night is meant."""

    start: ClockTime = time(20, 0)
    end: ClockTime = time(8, 0)
    zone: ZoneName = "UTC"
    weekends: bool = True

    def release(self, moment: datetime) -> datetime:
        """The first moment at or after the given one that is not quiet; aware UTC in and out."""
        local = moment.astimezone(ZoneInfo(self.zone))
        while (quiet_until := self._quiet_until(local)) is not None:
            local = quiet_until
        return local.astimezone(UTC)

    def _quiet_until(self, local: datetime) -> datetime | None:
        """When the quiet that covers a local moment ends; None where it is not quiet."""
        if self.weekends and local.weekday() >= 5:
            return self._at(local, self.end if self.start > self.end else time(0), days=7 - local.weekday())
        clock = local.time()
        if self.start <= self.end:
            return self._at(local, self.end) if self.start <= clock < self.end else None
        if clock >= self.start:
            return self._at(local, self.end, days=1)
        return self._at(local, self.end) if clock < self.end else None

    @staticmethod
    def _at(local: datetime, clock: time, days: int = 0) -> datetime:
        # A wall-clock time of another day: combine anew, so that a change of daylight saving in between is honoured.
        # In the hour that a clock shows twice, today's end is that of the same showing: never before the moment itself.
        ends = datetime.combine(local.date() + timedelta(days=days), clock, tzinfo=local.tzinfo)
        return ends if days else ends.replace(fold=local.fold)


class MonitorRule(Fact):
    """Where signals are measured. `url`: of the monitor itself; of the endpoint, where it is `health`.

    Secrets come from the environment: PROMETHEUS_TOKEN, SENTRY_TOKEN, DATADOG_API_KEY and DATADOG_APP_KEY.
    """

    kind: Literal["prometheus", "health", "sentry", "datadog"] = "prometheus"
    url: Annotated[HttpUrl, NoPassword(_MONITOR_SECRETS)]


class Measuring(Fact):
    """How signals are looked at: every so many seconds, and compared with so many minutes before the deployment."""

    every: Annotated[int, Field(ge=1, le=600)] = 30
    before: Annotated[int, Field(ge=10, le=24 * 60)] = 120


class GitHubHook(Fact):
    """What a service's deployments are on GitHub. `environments` maps its names to ours; without it they are the same.
    `workflows` are those whose runs are deployments, by file name such as deploy.yml, with what they deploy to.
    """

    repository: Repository
    environments: dict[Name, Identifier] = Field(default_factory=dict)
    workflows: dict[Name, Identifier] = Field(default_factory=dict)


class Hooks(Fact):
    """Where word of a service's deployments comes from. `argocd` maps applications of Argo CD to our environments."""

    github: GitHubHook | None = None
    argocd: dict[Name, Identifier] = Field(default_factory=dict)


class Service(Fact):
    """A service that is released: one entry of the configuration file, defaults included.

    `channels` are where its commands belong; the first hears its releases. `watch` and the reminders are minutes.
    `reminders` overrides the time after which a step's owner is reminded, by step name. `windows` are by environment;
    one without is always open. `release_day` changes the entries of the release day's clock; None switches it off.
    """

    name: Identifier
    title: Name = "Service"
    channels: tuple[ChannelId, ...] = Field(min_length=1)
    environments: tuple[Identifier, ...] = Field(default=("production",), min_length=1)
    branch: Name = "main"
    roles: dict[Role, Holders] = Field(default_factory=dict)
    required_signoffs: tuple[Role, ...] = (Role.TECH_LEAD,)
    components: tuple[Name, ...] = ("Backend", "Frontend")
    health_checks: tuple[Name, ...] = ("API", "Frontend", "Auth")
    monitoring: tuple[Link, ...] = ()
    smoke_tests: tuple[Name, ...] = Field(default=("Login",), min_length=1)
    watch: Annotated[int, Field(ge=5, le=7 * 24 * 60)] = 120
    reminders: dict[str, Annotated[int, Field(ge=1, le=7 * 24 * 60)]] = Field(default_factory=dict)
    quiet_hours: QuietHours | None = None
    early_start: Annotated[int, Field(ge=0, le=24 * 60)] = 15
    team_group: GroupId | None = None
    canary: CanaryRule = CanaryRule()
    windows: dict[Identifier, Windows] = Field(default_factory=dict)
    tracker_url: TrackerUrl | None = None
    release_day: dict[EntryName, EntryRule | None] | None = Field(default_factory=dict)
    authority: Authority = Authority()
    checklist: Checklist = Field(default_factory=Checklist)
    monitors: dict[SignalName, MonitorRule] = Field(default_factory=dict)
    signals: Signals = Field(default_factory=dict)
    measuring: Measuring = Measuring()
    tracker: TrackerRule | None = None
    hooks: Hooks = Hooks()
    alertmanager: AlertRule | None = None
    routing: Routing = Field(default_factory=dict)
    deployer: DeployerRule | None = None
    playbook: Playbook = Playbook()

    def at(self, environment: str) -> Service:
        """Its rules in one of its environments. What is configured without naming an environment is the first one's:
        its signals and alerts, a deployer and checks of the playbook that say nothing of where. Of another environment
        they would measure, change and prove the wrong thing.
        """
        if environment == self.environments[0]:
            return self
        deployer = self.deployer if self.deployer and self.deployer.names_environment else None
        return self.but(
            monitors={}, signals={}, alertmanager=None, deployer=deployer, playbook=self.playbook.elsewhere()
        )

    def is_held(self, role: Role) -> bool:
        """Whether somebody is configured to hold a role."""
        holders = self.roles.get(role)
        return holders is not None and bool(holders.users or holders.groups)

    @property
    def watch_length(self) -> timedelta:
        return timedelta(minutes=self.watch)
