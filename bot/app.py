"""The composition root: the only module that sees every part. Nothing is built at import."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

from prometheus_client import CollectorRegistry

import handlers
from bot.alerts import Alerts
from bot.arrivals import Arrivals
from bot.background import Background
from bot.bolt import Bolt
from bot.clock import Clock, SystemClock
from bot.conversations import Conversations, HandedOver
from bot.directory import Directory
from bot.errors import StoreBusyError
from bot.handover import Handover
from bot.housekeeping import Housekeeping
from bot.http.allowance import Allowance
from bot.http.api.gate import Gate
from bot.http.api.pipelines import Pipelines
from bot.http.api.routes import build
from bot.http.bodies import AsgiApp
from bot.http.door import Door
from bot.http.health import Health
from bot.http.hooks.making import hooks_of
from bot.http.metrics import Meter, Metrics
from bot.http.slack_requests import SlackRequests
from bot.monitors.making import Monitors, monitors_of
from bot.outbox import Outbox
from bot.outside.making import Outside, outside
from bot.outside.silences import Silences
from bot.pace import Pace
from bot.pulse import Pulse
from bot.queries import Queries
from bot.schedule import Schedule
from bot.settings import Configuration, Environment, Transport
from bot.slack import Slack
from bot.slack_errors import UndeliverableError
from bot.store.interface import Posting
from bot.store.news import News
from bot.store.sqlite import SQLiteStore
from bot.transports import HttpServer, SocketClient, told_to_stop
from bot.undelivered import Undelivered
from bot.watch import Watch
from bot.wording import Wording
from handlers.context import Context

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 10.0
"""How long a stopping process finishes what it began; platforms kill after 30 seconds or less."""

ERRAND_SECONDS = 5.0
"""The same of what is done outside: what is cut off is looked up by the next process."""


@dataclass(frozen=True)
class Application:
    """Greenlight, put together: what serves it, and what runs beside."""

    environment: Environment
    bolt: Bolt
    door: Door
    entrance: Meter
    store: SQLiteStore
    slack: Slack
    directory: Directory
    outbox: Outbox
    outside: Outside
    schedule: Schedule
    conversations: Conversations
    queries: Queries
    background: Background
    configuration: Configuration
    housekeeping: Housekeeping
    watch: Watch
    silences: Silences
    monitors: Monitors
    socket: SocketClient | None
    pulse: Pulse

    async def start(self) -> None:
        """Begin to send and to remind. Slack need not be reachable."""
        self.outbox.start()
        self.outside.start()
        await self.conversations.renew()
        await self.schedule.start()
        self.housekeeping.start()
        self.watch.start()
        self.silences.start()
        if self.socket is not None:
            self.socket.start()
        self.background.run(self.slack.identify(), "identify")
        self.background.run(self.directory.warm(tuple(self.configuration.services.values())), "warm_directory")

    async def stop(self) -> None:
        """After HTTP's intake was closed: finish what was begun, then close. What is not sent waits in the store."""
        if self.socket is not None:
            await self.socket.stop()
        await self.background.drain(within=DRAIN_SECONDS)
        await self.watch.stop()
        await self.silences.stop()
        await self.schedule.stop()
        await self.housekeeping.stop()
        await self.outside.stop(ERRAND_SECONDS)
        await self.monitors.close()
        await self.outbox.stop(DRAIN_SECONDS)
        await self.directory.close()
        await self.store.close()
        await self.slack.close()

    async def settled(self) -> None:
        """Wait until nothing is under way: no reminder or look due, no message that could be sent, no work beside."""
        await self.background.drain()
        await self.schedule.settled()
        await self.watch.settled()
        await self.outside.errands.idle()
        # What an errand led to may be told to people at once.
        await self.schedule.settled()
        await self.silences.settled()
        await self.outbox.idle()
        # What Slack would not take is told in the background, and an alarm is said elsewhere.
        await self.background.drain()
        await self.outbox.idle()


def assemble(
    environment: Environment,
    configuration: Configuration,
    store: SQLiteStore,
    clock: Clock,
    pace: Pace | None = None,
    allowance: Allowance | None = None,
) -> Application:
    """Put the application together. `pace`: how fast it may post; Slack's own limits unless told otherwise."""
    background = Background()
    slack = Slack(environment.bot_token.get_secret_value(), base_url=environment.slack_api_url)
    directory = Directory(slack, clock, default_zone=configuration.time_zone)

    async def undeliverable(posting: Posting, error: UndeliverableError) -> None:
        background.run(refused.tell(posting, error), "tell_undelivered")

    refused = Undelivered(store, slack, configuration.services, clock)
    outbox = Outbox(store, slack, clock, pace, undeliverable, Wording(store, configuration.services))

    pulse = Pulse()

    def hand_over(given: HandedOver) -> None:
        background.run(handover.share(given), "share_credentials")

    conversations = Conversations(store, configuration.services, directory, clock, hand_over)
    handover = Handover(slack, conversations)
    monitors = monitors_of(configuration.services)
    elsewhere = outside(configuration, store, clock, monitors, slack)
    queries = Queries(store, configuration.services, directory)
    schedule = Schedule(store, clock, conversations.fire)
    alerts = Alerts(conversations, monitors.alertmanagers)
    watch = Watch(store, conversations, monitors.by_service, clock, alerts)
    silences = Silences(store, conversations, monitors.alertmanagers, clock)
    store.listen(_listener(outbox, schedule, elsewhere, watch, silences, pulse))
    bolt = Bolt(slack)
    handlers.register(bolt, Context(configuration, conversations, queries, directory, slack, clock, background))
    socket = SocketClient(bolt, _app_token(environment)) if environment.transport is Transport.SOCKET else None
    vital = Vital(
        store, outbox, elsewhere, schedule, watch, silences, socket, clock, clock.now(), version("greenlight")
    )
    registry = CollectorRegistry()
    mounted: dict[str, AsgiApp] = {
        "api": Gate(build(Pipelines(conversations, pulse)), store, clock, allowance or Allowance()),
        "hooks": hooks_of(Arrivals(store, configuration.services, clock), alerts, clock),
        "metrics": Metrics(store, clock, registry),
    }
    door = Door(None if socket else SlackRequests(bolt), _secret(environment), vital.health, mounted)
    return Application(
        environment=environment,
        bolt=bolt,
        door=door,
        entrance=Meter(door, registry),
        pulse=pulse,
        store=store,
        slack=slack,
        directory=directory,
        outbox=outbox,
        outside=elsewhere,
        schedule=schedule,
        conversations=conversations,
        queries=queries,
        background=background,
        configuration=configuration,
        housekeeping=Housekeeping(store, clock),
        watch=watch,
        silences=silences,
        monitors=monitors,
        socket=socket,
    )


def _listener(
    outbox: Outbox, schedule: Schedule, outside: Outside, watch: Watch, silences: Silences, pulse: Pulse
) -> Callable[[News], None]:
    """What a commit brought, to those who wait for it."""

    def heard(news: News) -> None:
        outbox.added(news.lanes)
        if news.due is not None:
            schedule.wake(news.due)
        if news.errands:
            outside.wake()
        if news.conversations:
            watch.changed()
            silences.changed()
            pulse.beat()

    return heard


def _secret(environment: Environment) -> str | None:
    return environment.signing_secret.get_secret_value() if environment.signing_secret else None


def _app_token(environment: Environment) -> str:
    assert environment.app_token is not None  # the environment was refused otherwise
    return environment.app_token.get_secret_value()


@dataclass(frozen=True)
class Vital:
    """What must work for Greenlight to be of use."""

    store: SQLiteStore
    outbox: Outbox
    outside: Outside
    schedule: Schedule
    watch: Watch
    silences: Silences
    socket: SocketClient | None
    clock: Clock
    started: datetime
    version: str

    async def health(self) -> Health:
        """The answer of `/health`."""
        checks = {
            "database": await self._answers(),
            "outbox": self.outbox.running,
            "errands": self.outside.errands.running,
            "scheduler": self.schedule.running,
            "watch": self.watch.running,
            "silences": self.silences.running,
        }
        if self.socket is not None:
            checks["socket"] = await self.socket.connected()
        return Health(self.version, int((self.clock.now() - self.started).total_seconds()), checks)

    async def _answers(self) -> bool:
        try:
            return await self.store.read(lambda reader: reader.healthy())
        except StoreBusyError:
            return False


@asynccontextmanager
async def running(
    environment: Environment,
    configuration: Configuration,
    clock: Clock | None = None,
    pace: Pace | None = None,
) -> AsyncIterator[tuple[Application, HttpServer]]:
    """Greenlight while it runs: listening, reminding, sending; stopped in the order intake, drain, scheduler, close.

    Raises ConfigurationError where the database can't be used, OSError where the port is taken.
    """
    # On a thread: opening may migrate.
    store = await asyncio.to_thread(SQLiteStore, environment.database)
    application = assemble(environment, configuration, store, clock or SystemClock(), pace)
    server = HttpServer(application.entrance, environment.host, environment.port)
    try:
        await application.start()
        await server.start()
        yield application, server
    finally:
        application.pulse.end()  # whoever waits for a state is answered, so that the intake can close
        await server.stop()
        await application.stop()


def _spare_the_collector() -> None:
    """What was built until now stays: it need not be looked through again and again. A request makes many small objects
    and few cycles; collecting seldom takes a third off the time that the slowest answers take.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def serve(environment: Environment, configuration: Configuration) -> None:
    """Run until the process is told to stop (SIGTERM, SIGINT)."""
    # Around all of it: a process that is told to stop while it starts, or while it stops, still closes in order.
    with told_to_stop() as told:
        async with running(environment, configuration) as (_, server):
            _spare_the_collector()
            logger.info("serving on port %d", server.port, extra={"action": "serving"})
            await told.wait()
    logger.info("stopped", extra={"action": "stopped"})
