"""`greenlight check`, with the playground's Slack to ask."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import manifest
from bot.checks.check import Report, ask_slack, check
from bot.settings import Configuration, Environment, load
from playground.slack.server import SlackServer
from playground.slack.state import Settings

TEXT = """\
version: 1
roles:
  qa: {users: [U0CHARLIE], groups: [S0QA]}
  devops: {users: [U0JANE]}
  tech_lead: {users: [U0TANIA]}
services:
  admin-logistic:
    channels:
      - {id: C0RELEASES, name: releases}
  billing:
    channels: [C0RELEASES, C0BILLING]
    team_group: S0QA
"""
SETTINGS = Settings(team_name="Acme", rate_limited=False)


def furnish(slack: SlackServer) -> None:
    """All that the file names."""
    workspace = slack.workspace
    for user_id, name in (("U0CHARLIE", "charlie"), ("U0JANE", "jane"), ("U0TANIA", "tania")):
        workspace.add_person(name, user_id=user_id)
    workspace.add_group("qa", users=["charlie"], group_id="S0QA")
    workspace.add_channel("releases", channel_id="C0RELEASES")
    workspace.add_channel("billing-releases", channel_id="C0BILLING")


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(manifest.read(), settings=SETTINGS) as server:
        furnish(server)
        yield server


@pytest.fixture
def environment(slack: SlackServer) -> Environment:
    return Environment(bot_token=SecretStr(slack.bot_token), signing_secret=SecretStr("s"), slack_api_url=slack.api_url)


@pytest.fixture
def configured(tmp_path: Path) -> Callable[[str], Configuration]:
    """The configuration of a file's text."""

    def loaded(text: str) -> Configuration:
        path = tmp_path / "greenlight.yml"
        path.write_text(text, encoding="utf-8")
        return load(path)

    return loaded


Configured = Callable[[str], Configuration]


def told(report: Report) -> list[tuple[str, str]]:
    return [(problem.key, problem.reason) for problem in report.problems]


def calls(slack: SlackServer) -> list[str]:
    """The methods that were called, in order."""
    return [item["kind"] for item in slack.traffic.after(0)]


async def test_where_all_is_there_only_good_news_is_told(environment: Environment, configured: Configured) -> None:
    """Every channel, person and group is looked up, once each, and the workspace is named."""
    report = await ask_slack(environment, configured(TEXT))
    assert report.problems == ()
    assert report.unreachable == ""
    scopes = len(manifest.scopes())
    assert report.notes == (f"Slack: Acme, {scopes} scopes, 6 channels, people and groups looked up.",)


async def test_each_id_is_asked_for_once(environment: Environment, configured: Configured, slack: SlackServer) -> None:
    """A channel that two services share costs one question."""
    await ask_slack(environment, configured(TEXT))
    assert calls(slack).count("conversations.info") == 2


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ("U0JANE", "U0NOBODY", "roles.devops.users[0]", "Slack knows no such person."),
        ("S0QA]", "S0GONE]", "roles.qa.groups[0]", "Slack has no such user group enabled."),
        ("C0BILLING", "C0NOWHERE", "services.billing.channels[1]", "Greenlight sees no such channel."),
        (
            "name: releases",
            "name: deploys",
            "services.admin-logistic.channels[0].id",
            "This channel is #releases in Slack, not #deploys.",
        ),
    ],
)
async def test_what_slack_does_not_know_is_told_where_the_file_has_it(
    old: str, new: str, key: str, reason: str, environment: Environment, configured: Configured
) -> None:
    """An id that leads nowhere is a problem at its own key and line."""
    configuration = configured(TEXT.replace(old, new))
    report = await ask_slack(environment, configuration)
    assert told(report) == [(key, reason)]
    assert report.problems[0].line > 1
    assert report.problems[0].remedy


async def test_people_who_may_hold_no_role_are_named(
    environment: Environment, configured: Configured, slack: SlackServer
) -> None:
    """Deactivated accounts and guests hold no role, so listing them helps nobody; all are told at once."""
    slack.workspace.add_person("left", "Left Long-Ago", user_id="U0LEFT", deleted=True)
    slack.workspace.add_person("guest", "Guest Visitor", user_id="U0GUEST", is_ultra_restricted=True)
    report = await ask_slack(environment, configured(TEXT.replace("[U0JANE]", "[U0JANE, U0LEFT, U0GUEST]")))
    assert told(report) == [
        ("roles.devops.users[1]", "Left Long-Ago is deactivated, and holds no role."),
        ("roles.devops.users[2]", "Guest Visitor is a guest, and holds no role."),
    ]


async def test_empty_group_is_a_problem(environment: Environment, configured: Configured, slack: SlackServer) -> None:
    """A role whose only group is empty is held by nobody."""
    slack.change_group("qa", [])
    report = await ask_slack(environment, configured(TEXT))
    assert told(report) == [("roles.qa.groups[0]", "This user group is empty.")]


async def test_channel_without_the_bot_says_to_invite_it(
    environment: Environment, configured: Configured, slack: SlackServer
) -> None:
    """The bot can't post where it is not."""
    slack.workspace.leave(slack.workspace.channel("billing-releases"), slack.workspace.bot.id)
    (problem,) = (await ask_slack(environment, configured(TEXT))).problems
    assert problem.reason == "Greenlight is not in #billing-releases."
    assert problem.remedy == "Type /invite @Greenlight in it."


async def test_archived_channel_is_a_problem(
    environment: Environment, configured: Configured, slack: SlackServer
) -> None:
    """Nothing can be posted into an archived channel."""
    slack.workspace.channel("billing-releases").is_archived = True
    assert told(await ask_slack(environment, configured(TEXT))) == [
        ("services.billing.channels[1]", "#billing-releases is archived.")
    ]


async def test_missing_scopes_are_told_once_each_and_hide_nothing_else(configured: Configured) -> None:
    """What a missing scope keeps from being looked up is not told again for every id."""
    poor = manifest.read()
    poor["oauth_config"]["scopes"]["bot"] = ["commands", "chat:write", "channels:read", "groups:read"]
    async with SlackServer(poor, settings=SETTINGS) as slack:
        slack.workspace.add_channel("releases", channel_id="C0RELEASES")
        environment = Environment(
            bot_token=SecretStr(slack.bot_token), signing_secret=SecretStr("s"), slack_api_url=slack.api_url
        )
        report = await ask_slack(environment, configured(TEXT))
    lacking = manifest.scopes() - set(poor["oauth_config"]["scopes"]["bot"])
    assert [reason for key, reason in told(report) if key == "oauth_config.scopes.bot"] == [
        f"The token lacks the scope {scope}." for scope in sorted(lacking)
    ]
    others = [entry for entry in told(report) if entry[0] != "oauth_config.scopes.bot"]
    assert others == [("services.billing.channels[1]", "Greenlight sees no such channel.")]


async def test_refused_token_is_one_problem_of_the_environment(
    environment: Environment, configured: Configured
) -> None:
    """With a token that Slack does not take, nothing else can be asked; the token itself is not shown."""
    wrong = environment.model_copy(update={"bot_token": SecretStr("xoxb-wrong")})
    report = await ask_slack(wrong, configured(TEXT))
    assert told(report) == [("SLACK_BOT_TOKEN", "Slack does not accept this token (invalid_auth).")]
    assert "xoxb-wrong" not in str(report)


async def test_unreachable_slack_is_no_problem_of_the_configuration(configured: Configured) -> None:
    """A broken network is said as such."""
    nowhere = Environment(
        bot_token=SecretStr("xoxb-1"), signing_secret=SecretStr("s"), slack_api_url="http://127.0.0.1:9/api/"
    )
    report = await ask_slack(nowhere, configured(TEXT))
    assert report.problems == ()
    assert "Slack could not be asked" in report.unreachable
    assert "This says nothing about the configuration." in report.unreachable


@pytest.mark.parametrize("trouble", ["server_error", "reset"])
async def test_slack_that_breaks_midway_is_said_as_such(
    trouble: str, environment: Environment, configured: Configured, slack: SlackServer
) -> None:
    """An answer that was lost between others is no verdict on what was asked."""
    slack.faults.next_calls("users.info", trouble, times=9)  # type: ignore[arg-type]  # one of the Literal's, by parameter
    report = await ask_slack(environment, configured(TEXT))
    assert report.problems == ()
    assert "users.info" in report.unreachable


async def test_rate_limit_is_waited_for(environment: Environment, configured: Configured, slack: SlackServer) -> None:
    """A large configuration asks more than Slack likes at once; it takes longer and misses nothing."""
    slack.faults.next_calls("users.info", "ratelimited", retry_after=30)
    slack.faults.next_calls("conversations.info", "ratelimited", retry_after=7)
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    report = await ask_slack(environment, configured(TEXT), sleep)
    assert (report.problems, report.unreachable) == ((), "")
    assert sorted(waited) == [7, 30]


async def test_without_a_configuration_the_token_is_still_asked_about(environment: Environment) -> None:
    """A broken file does not hide missing scopes."""
    report = await ask_slack(environment, None)
    assert report.problems == ()
    assert "0 channels, people and groups looked up" in report.notes[0]


# ── the whole check ──────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN", "SLACK_API_URL", "GREENLIGHT_DATABASE"):
        monkeypatch.delenv(name, raising=False)

    def given(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return given


Variables = Callable[..., None]


@pytest.fixture
def path(configured: Configured) -> Path:
    return Path(configured(TEXT).file)


@pytest.fixture
def wrong(path: Path) -> Path:
    """The file with a name where an id belongs."""
    path.write_text(TEXT.replace("U0JANE", "jane"), encoding="utf-8")
    return path


async def test_without_a_token_the_file_is_checked_alone_and_that_is_said(path: Path, variables: Variables) -> None:
    """A pipeline without secrets can check the file; nobody takes that for the whole."""
    variables()
    report = await check(path)
    assert report.problems == ()
    assert report.notes == (
        f"{path}: 2 services, nothing to object to.",
        "Slack was not asked: SLACK_BOT_TOKEN is not set.",
    )


async def test_file_environment_and_slack_are_told_at_once(
    wrong: Path, variables: Variables, slack: SlackServer, tmp_path: Path
) -> None:
    """One run shows what is wrong in the file, in the environment and in Slack."""
    variables(
        SLACK_BOT_TOKEN=slack.bot_token,
        SLACK_SIGNING_SECRET="s",
        SLACK_API_URL=slack.api_url,
        GREENLIGHT_DATABASE=str(tmp_path / "missing" / "greenlight.db"),
    )
    report = await check(wrong)
    assert [key for key, _ in told(report)] == ["roles.devops.users[0]", "GREENLIGHT_DATABASE"]
    assert any(note.startswith("Slack: Acme") for note in report.notes)


async def test_offline_check_asks_nobody(path: Path, variables: Variables, slack: SlackServer) -> None:
    """--offline leaves Slack alone even with a token."""
    variables(SLACK_BOT_TOKEN=slack.bot_token, SLACK_SIGNING_SECRET="s", SLACK_API_URL=slack.api_url)
    report = await check(path, offline=True)
    assert "Slack was not asked: --offline." in report.notes
    assert calls(slack) == []


async def test_problems_of_the_environment_come_with_those_of_the_file(wrong: Path, variables: Variables) -> None:
    """A token without a way in is told; Slack is not asked with half an environment."""
    variables(SLACK_BOT_TOKEN="xoxb-1")
    report = await check(wrong)
    assert [key for key, _ in told(report)] == ["roles.devops.users[0]", "GREENLIGHT_TRANSPORT"]


async def test_canaries_that_were_to_go_on_by_themselves_and_that_nobody_measures_are_named(tmp_path: Path) -> None:
    """They wait for people at each share; who configured it meant something else."""
    path = tmp_path / "greenlight.yml"
    path.write_text(TEXT + "    canary: {promoted_by: quiet}\n", encoding="utf-8")
    told = [note for note in (await check(path, offline=True)).notes if "promoted_by" in note]
    assert told == ["billing: no monitor is configured, so people promote its canaries, whatever “promoted_by” says."]
    path.write_text(TEXT, encoding="utf-8")
    assert not [note for note in (await check(path, offline=True)).notes if "promoted_by" in note]
