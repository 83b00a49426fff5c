"""Who somebody is, and that nobody is let in whose role can't be known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web

from bot.clock import MovableClock
from bot.core.policy import Holders, Service
from bot.core.roles import Role
from bot.directory import Directory
from bot.errors import TransientError
from bot.slack import Slack
from playground.slack.server import SlackServer
from tests.slack_workspace import DANA, GUS, QA_GROUP, QUINN, TEO, answering, calls

SERVICE = Service(
    name="admin",
    channels=("CRELEASES",),
    roles={
        Role.QA: Holders(groups=(QA_GROUP,)),
        Role.DEVOPS: Holders(users=(DANA,)),
        Role.TECH_LEAD: Holders(users=(TEO, GUS), groups=(QA_GROUP,)),
    },
)
USERS, GROUPS = "users.info", "usergroups.users.list"


@pytest.fixture
async def directory(server: SlackServer, clock: MovableClock) -> AsyncIterator[Directory]:
    slack = Slack(server.bot_token, base_url=server.api_url, timeout=1.0)
    directory = Directory(slack, clock, budget=0.2)
    yield directory
    await directory.close()
    await slack.close()


async def test_roles_come_from_groups_and_from_the_list(directory: Directory) -> None:
    quinn, dana = await directory.actor(QUINN, SERVICE), await directory.actor(DANA, SERVICE)
    assert quinn.name == "Quinn Avery"
    assert quinn.roles == {Role.QA, Role.TECH_LEAD}
    assert dana.roles == {Role.DEVOPS}
    assert not quinn.unknown
    assert not dana.unknown


async def test_deactivated_people_and_guests_hold_no_role(directory: Directory, server: SlackServer) -> None:
    server.workspace.people[DANA].deleted = True
    assert (await directory.actor(DANA, SERVICE)).roles == frozenset()
    assert (await directory.actor(GUS, SERVICE)).roles == frozenset()


async def test_a_group_that_cannot_be_asked_refuses_its_roles_with_the_reason(
    directory: Directory, server: SlackServer
) -> None:
    server.faults.next_calls(GROUPS, "server_error")
    actor = await directory.actor(QUINN, SERVICE)
    assert actor.roles == frozenset()
    assert set(actor.unknown) == {Role.QA, Role.TECH_LEAD}
    assert "could not be looked up" in actor.unknown[Role.QA]


async def test_a_listed_role_is_held_though_a_group_cannot_be_asked(directory: Directory, server: SlackServer) -> None:
    server.faults.next_calls(GROUPS, "server_error")
    actor = await directory.actor(TEO, SERVICE)
    assert actor.roles == {Role.TECH_LEAD}
    assert set(actor.unknown) == {Role.QA}


async def test_an_account_that_cannot_be_asked_holds_nothing_not_even_what_is_listed(
    directory: Directory, server: SlackServer
) -> None:
    server.faults.next_calls(USERS, "server_error")
    actor = await directory.actor(DANA, SERVICE)
    assert (actor.id, actor.roles, set(actor.unknown)) == (DANA, frozenset(), {Role.DEVOPS})


async def test_a_slow_slack_is_not_waited_for_beyond_the_budget(directory: Directory, server: SlackServer) -> None:
    server.faults.next_calls("*", "timeout", times=2)
    loop = asyncio.get_running_loop()
    started = loop.time()
    actor = await directory.actor(QUINN, SERVICE)
    assert loop.time() - started < 0.9  # the call itself gives up after a second
    assert actor.roles == frozenset()
    assert "in time" in actor.unknown[Role.QA]


async def test_many_who_ask_at_once_make_one_call(directory: Directory, server: SlackServer) -> None:
    await asyncio.gather(*(directory.actor(QUINN, SERVICE) for _ in range(50)))
    assert (calls(server, USERS), calls(server, GROUPS)) == (1, 1)


async def test_an_asker_who_goes_away_does_not_end_the_call_of_the_others(
    directory: Directory, server: SlackServer
) -> None:
    first = asyncio.create_task(directory.actor(QUINN, SERVICE))
    second = asyncio.create_task(directory.actor(QUINN, SERVICE))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).roles == {Role.QA, Role.TECH_LEAD}
    assert calls(server, USERS) == 1


async def test_an_answer_serves_five_minutes_then_it_is_fetched_beside(
    directory: Directory, server: SlackServer, clock: MovableClock
) -> None:
    await directory.actor(QUINN, SERVICE)
    server.workspace.groups[QA_GROUP].users = ()
    clock.move_by(timedelta(minutes=4, seconds=59))
    assert Role.QA in (await directory.actor(QUINN, SERVICE)).roles
    assert calls(server, GROUPS) == 1
    clock.move_by(timedelta(seconds=2))
    assert Role.QA in (await directory.actor(QUINN, SERVICE)).roles
    await landed(directory)
    assert calls(server, GROUPS) == 2
    assert Role.QA not in (await directory.actor(QUINN, SERVICE)).roles


async def test_an_old_answer_is_never_good_enough_after_ten_minutes(
    directory: Directory, server: SlackServer, clock: MovableClock
) -> None:
    await directory.actor(QUINN, SERVICE)
    server.faults.next_calls(GROUPS, "server_error", times=10)
    clock.move_by(timedelta(minutes=9, seconds=59))
    assert Role.QA in (await directory.actor(QUINN, SERVICE)).roles
    await landed(directory)
    clock.move_by(timedelta(seconds=1))
    actor = await directory.actor(QUINN, SERVICE)
    assert Role.QA not in actor.roles
    assert Role.QA in actor.unknown


async def test_a_changed_group_is_asked_again(directory: Directory, server: SlackServer) -> None:
    await directory.actor(DANA, SERVICE)
    server.workspace.groups[QA_GROUP].users = (QUINN, DANA)
    directory.forget_group(QA_GROUP)
    assert Role.QA in (await directory.actor(DANA, SERVICE)).roles


async def test_a_change_during_a_call_is_not_overwritten_by_its_answer(clock: MovableClock) -> None:
    answers = [["UOLD"], ["UNEW"]]
    asked, released = asyncio.Event(), asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        if request.match_info["method"] == USERS:
            return web.json_response({"ok": True, "user": {"id": request.query["user"], "name": "new"}})
        members = answers.pop(0)
        if members == ["UOLD"]:
            asked.set()
            await released.wait()
        return web.json_response({"ok": True, "users": members})

    async with answering(answer) as address:
        slack = Slack("xoxb-1", base_url=address)
        directory = Directory(slack, clock)
        early = asyncio.create_task(directory.actor("UNEW", SERVICE))
        await asked.wait()
        directory.forget_group(QA_GROUP)
        assert Role.QA in (await directory.actor("UNEW", SERVICE)).roles
        released.set()
        assert Role.QA not in (await early).roles
        assert Role.QA in (await directory.actor("UNEW", SERVICE)).roles
        await directory.close()
        await slack.close()


async def test_a_rate_limit_is_honoured_by_the_next_askers(
    directory: Directory, server: SlackServer, clock: MovableClock
) -> None:
    server.faults.next_calls(GROUPS, "ratelimited", retry_after=30)
    await directory.actor(QUINN, SERVICE)
    actor = await directory.actor(QUINN, SERVICE)
    assert Role.QA in actor.unknown
    assert calls(server, GROUPS) == 1
    clock.move_by(timedelta(seconds=31))
    assert Role.QA in (await directory.actor(QUINN, SERVICE)).roles


async def test_holders_are_the_listed_and_the_members_without_the_known_inactive(
    directory: Directory, server: SlackServer
) -> None:
    assert await directory.holders(Role.TECH_LEAD, SERVICE) == (TEO, QUINN)
    assert await directory.holders(Role.PM, SERVICE) == ()
    assert calls(server, USERS) == 2


async def test_to_tell_somebody_the_last_known_members_count(
    directory: Directory, server: SlackServer, clock: MovableClock
) -> None:
    await directory.holders(Role.QA, SERVICE)
    clock.move_by(timedelta(hours=3))
    server.faults.next_calls(GROUPS, "server_error")
    assert await directory.holders(Role.QA, SERVICE) == (QUINN,)


async def test_holders_that_were_never_known_are_tried_again_later(directory: Directory, server: SlackServer) -> None:
    server.faults.next_calls(GROUPS, "server_error")
    with pytest.raises(TransientError, match="QA"):
        await directory.holders(Role.QA, SERVICE)


async def test_a_group_that_does_not_exist_has_no_holders(directory: Directory, server: SlackServer) -> None:
    del server.workspace.groups[QA_GROUP]
    assert await directory.holders(Role.QA, SERVICE) == ()
    assert "no_such_subteam" in (await directory.actor(QUINN, SERVICE)).unknown[Role.QA]


async def test_a_zone_is_the_persons_or_the_teams(directory: Directory, server: SlackServer) -> None:
    assert await directory.zone(QUINN) == "Europe/Berlin"
    server.faults.next_calls(USERS, "server_error")
    assert await directory.zone(DANA) == "UTC"


async def test_a_warm_directory_answers_without_a_call(directory: Directory, server: SlackServer) -> None:
    await directory.warm([SERVICE, SERVICE])
    before = (calls(server, USERS), calls(server, GROUPS))
    assert before == (4, 1)
    server.faults.next_calls("*", "server_error", times=10)
    assert (await directory.actor(QUINN, SERVICE)).roles == {Role.QA, Role.TECH_LEAD}
    assert (calls(server, USERS), calls(server, GROUPS)) == before


async def test_warming_survives_a_slack_that_is_away(clock: MovableClock) -> None:
    slack = Slack("xoxb-1", base_url="http://127.0.0.1:9/api/")
    await Directory(slack, clock).warm([SERVICE])
    await slack.close()


async def landed(directory: Directory) -> None:
    """Wait for the lookups that are under way."""
    tasks = [*directory._groups._under_way, *directory._users._under_way]
    await asyncio.gather(*tasks, return_exceptions=True)
