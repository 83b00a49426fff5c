"""What the trackers' clients send, and what they make of answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import HttpUrl, SecretStr

from bot.core.tickets import Closing, GitHubRule, JiraRule, OpenedTicket, Part, Ticket
from bot.errors import TransientError
from bot.outward import DeclinedError, UnclearError
from bot.trackers.github import GitHubIssues
from bot.trackers.interface import Tracker
from bot.trackers.jira import Jira
from tests.trackers.fakes import EMAIL, TOKEN, FakeGitHub, FakeJira

AnyFake = FakeGitHub | FakeJira
NOON = datetime(2024, 1, 16, 12, tzinfo=UTC)
TICKET = Ticket(
    "greenlight-018d1234abcd",
    "ENV-7: Staging API returning 503 errors",
    (
        Part("", "Reported by Quinn."),
        Part("Problem", "Staging API returning 503 errors\nsince the last deploy, see https://logs.example.com/a_b_c"),
        Part("Symptoms", entries=("All API calls return 503", "Health check failing")),
    ),
    since=NOON - timedelta(minutes=10),
)
CLOSING = Closing("ENV-7 is closed in Greenlight.", "Verified by Dana @everyone")


def client_of(fake: AnyFake, client: httpx.AsyncClient, token: str = TOKEN) -> Tracker:
    """The client of whichever tracker this is."""
    secret, url = SecretStr(token), HttpUrl(fake.url)
    if isinstance(fake, FakeGitHub):
        return GitHubIssues(client, secret, GitHubRule(kind="github", repository="acme/shop", labels=("qa",), url=url))
    rule = JiraRule(kind="jira", url=url, project="OPS", labels=("qa",))
    return Jira(client, secret, rule, EMAIL if fake.in_cloud else "")


@pytest.fixture
def tracker(fake: AnyFake, client: httpx.AsyncClient) -> Tracker:
    return client_of(fake, client)


def issues(fake: AnyFake) -> list[dict[str, Any]]:
    return fake.issues


# ── opening and finding ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_ticket_that_was_opened_is_found_by_its_marker_and_no_other_is(fake: AnyFake, tracker: Tracker) -> None:
    assert await tracker.find(TICKET) is None
    opened = await tracker.open(TICKET)
    assert await tracker.find(TICKET) == opened
    assert await tracker.find(Ticket("greenlight-018d1234abc", "", (), TICKET.since)) is None
    assert len(issues(fake)) == 1


async def test_githubs_issue_has_title_text_and_labels_and_the_key_people_know(
    github: FakeGitHub, client: httpx.AsyncClient
) -> None:
    opened = await client_of(github, client).open(TICKET)
    assert opened == OpenedTicket("#1", "https://github.com/acme/shop/issues/1")
    [issue] = github.issues
    assert issue["title"] == "ENV-7: Staging API returning 503 errors"
    assert issue["labels"] == ["qa"]
    assert issue["body"] == (
        "Reported by Quinn.\n\n"
        "**Problem:**\nStaging API returning 503 errors\nsince the last deploy, see <https://logs.example.com/a_b_c>\n\n"
        "**Symptoms:**\n\n- All API calls return 503\n- Health check failing\n\n"
        "<!-- greenlight-018d1234abcd -->"
    )


async def test_jiras_issue_has_its_project_type_summary_and_labels_with_the_marker(
    jira: FakeJira, client: httpx.AsyncClient
) -> None:
    opened = await client_of(jira, client).open(TICKET)
    assert opened == OpenedTicket("OPS-1", f"{jira.url}/browse/OPS-1")
    fields = jira.issues[0]["fields"]
    assert fields["project"] == {"key": "OPS"}
    assert fields["issuetype"] == {"name": "Task"}
    assert fields["summary"] == "ENV-7: Staging API returning 503 errors"
    assert fields["labels"] == ["qa", "greenlight-018d1234abcd"]
    assert "All API calls return 503" in json.dumps(fields["description"])


async def test_an_issue_is_found_on_a_later_page_and_a_pull_request_is_none(
    github: FakeGitHub, client: httpx.AsyncClient
) -> None:
    tracker = client_of(github, client)
    opened = await tracker.open(TICKET)
    for number in range(150):
        github.add(title=f"Another {number}", body=None)
    github.add(title="A pull request", body="<!-- greenlight-018d1234abcd -->", pull_request={})
    assert await tracker.find(TICKET) == opened


async def test_a_title_that_is_too_long_is_cut_to_what_the_tracker_takes(fake: AnyFake, tracker: Tracker) -> None:
    await tracker.open(Ticket("greenlight-1", "words \n" * 100, (), NOON))
    assert len(issues(fake)) == 1


# ── closing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_closed_issue_of_github_says_why_and_whether_its_work_was_done(
    github: FakeGitHub, client: httpx.AsyncClient
) -> None:
    tracker = client_of(github, client)
    await tracker.close(await tracker.open(TICKET), CLOSING, again=False)
    assert (github.issues[0]["state"], github.issues[0]["state_reason"]) == ("closed", "completed")
    [comment] = github.comments[1]
    assert comment["body"].startswith("ENV-7 is closed in Greenlight.\n\nVerified by Dana @\u200beveryone\n")
    given_up = Closing("ENV-8 is withdrawn.", done=False)
    await tracker.close(await tracker.open(TICKET), given_up, again=False)
    assert github.issues[1]["state_reason"] == "not_planned"


async def test_an_issue_of_another_repository_is_not_closed(github: FakeGitHub, client: httpx.AsyncClient) -> None:
    tracker = client_of(github, client)
    await tracker.open(TICKET)
    with pytest.raises(DeclinedError, match="not an issue of acme/shop"):
        await tracker.close(OpenedTicket("#1", "https://github.com/acme/old/issues/1"), CLOSING, again=False)
    assert github.issues[0]["state"] == "open"


async def test_a_closed_issue_of_jira_goes_the_way_that_ends_it(jira: FakeJira, client: httpx.AsyncClient) -> None:
    tracker = client_of(jira, client)
    await tracker.close(await tracker.open(TICKET), CLOSING, again=False)
    assert jira.issues[0]["fields"]["status"]["statusCategory"]["key"] == "done"
    [comment] = jira.comments["OPS-1"]
    assert "ENV-7 is closed in Greenlight." in json.dumps(comment)


async def test_an_issue_of_jira_without_a_way_to_its_end_is_told_and_left(
    jira: FakeJira, client: httpx.AsyncClient
) -> None:
    jira.ways = jira.ways[:1]
    tracker = client_of(jira, client)
    await tracker.close(await tracker.open(TICKET), CLOSING, again=False)
    assert jira.issues[0]["fields"]["status"]["statusCategory"]["key"] == "new"
    assert len(jira.comments["OPS-1"]) == 1


async def test_closing_again_says_nothing_twice(fake: AnyFake, tracker: Tracker) -> None:
    opened = await tracker.open(TICKET)
    fake.faults = ["lost"]
    with pytest.raises(UnclearError):
        await tracker.close(opened, CLOSING, again=False)
    await tracker.close(opened, CLOSING, again=True)
    await tracker.close(opened, CLOSING, again=True)
    assert [len(told) for told in fake.comments.values()] == [1]


# ── what it can end in ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_answer_that_was_lost_is_unclear_and_the_ticket_is_found(fake: AnyFake, tracker: Tracker) -> None:
    fake.faults = ["lost"]
    with pytest.raises(UnclearError):
        await tracker.open(TICKET)
    assert await tracker.find(TICKET) is not None


async def test_an_answer_that_does_not_come_is_unclear(fake: AnyFake, tracker: Tracker) -> None:
    fake.faults = ["hang"]
    with pytest.raises(UnclearError, match="did not answer"):
        await tracker.open(TICKET)


async def test_a_pause_that_is_asked_for_is_kept(fake: AnyFake, tracker: Tracker) -> None:
    fake.faults = ["limit"]
    with pytest.raises(TransientError) as caught:
        await tracker.open(TICKET)
    assert (type(caught.value), caught.value.retry_after) == (TransientError, 20.0)


async def test_githubs_secondary_limit_without_a_time_asks_for_a_minute(
    github: FakeGitHub, client: httpx.AsyncClient
) -> None:
    github.faults = ["secondary"]
    with pytest.raises(TransientError) as caught:
        await client_of(github, client).open(TICKET)
    assert caught.value.retry_after == 60.0


async def test_a_token_that_is_refused_is_told_with_what_to_do_and_never_shown(
    fake: AnyFake, client: httpx.AsyncClient
) -> None:
    with pytest.raises(DeclinedError, match="token is missing or no longer valid") as caught:
        await client_of(fake, client, "another-secret").open(TICKET)
    assert "another-secret" not in str(caught.value)
    fake.faults = ["forbidden"]
    with pytest.raises(DeclinedError, match="may not do this"):
        await client_of(fake, client).open(TICKET)


async def test_a_field_that_jira_refuses_is_named(jira: FakeJira, client: httpx.AsyncClient) -> None:
    jira.types = ("Incident",)
    with pytest.raises(DeclinedError, match=r"issuetype: Specify a valid issue type.*Check project, issue_type"):
        await client_of(jira, client).open(TICKET)


async def test_a_field_that_github_refuses_is_named(github: FakeGitHub, client: httpx.AsyncClient) -> None:
    with pytest.raises(DeclinedError, match="Validation Failed title: invalid"):
        await client_of(github, client).open(Ticket("greenlight-1", "", (), NOON))


async def test_another_page_where_the_api_should_be_is_unclear_at_first_and_told_when_it_is_asked(
    fake: AnyFake, tracker: Tracker
) -> None:
    fake.faults, fake.reading_faults = ["page"], ["page"]
    with pytest.raises(UnclearError):
        await tracker.open(TICKET)
    with pytest.raises(DeclinedError, match="something else than JSON"):
        await tracker.find(TICKET)


async def test_what_keeps_tickets_from_being_opened_is_seen_beforehand(
    github: FakeGitHub, jira: FakeJira, client: httpx.AsyncClient
) -> None:
    assert await client_of(github, client).check() is None
    assert await client_of(jira, client).check() is None
    github.has_issues, jira.types = False, ("Incident", "Story")
    assert await client_of(github, client).check() == (
        "acme/shop has no issues.",
        "Switch them on in the repository's settings.",
    )
    assert await client_of(jira, client).check() == (
        "OPS has no issues of the type “Task”.",
        "It has: Incident, Story.",
    )
