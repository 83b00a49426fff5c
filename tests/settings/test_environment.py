"""The environment: what is read from it, what follows from it, and that no secret leaves it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import ConfigurationError
from bot.settings import Configuration, Environment, Files, Transport, read_all, read_environment

GOOD = """\
version: 1
roles:
  qa: {users: [U0CHARLIE]}
  devops: {users: [U0JANE]}
  tech_lead: {users: [U0TANIA]}
services:
  billing:
    channels: [C0BILLING]
"""
SLACK = ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN", "SLACK_API_URL", "DATABASE_URL")
OURS = ("GREENLIGHT_TRANSPORT", "GREENLIGHT_CONFIG", "GREENLIGHT_DATABASE", "HOST", "PORT", "LOG_LEVEL")


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set these variables and no other that Greenlight reads."""
    for name in (*SLACK, *OURS):
        monkeypatch.delenv(name, raising=False)

    def given(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return given


Variables = Callable[..., None]


def test_environment_has_defaults_that_expose_nothing(variables: Variables) -> None:
    """A bot token and a signing secret are enough; it then listens on this machine alone."""
    variables(SLACK_BOT_TOKEN="xoxb-1\n", SLACK_SIGNING_SECRET="s3cret")
    environment = read_environment()
    assert environment.bot_token.get_secret_value() == "xoxb-1"
    assert environment.transport is Transport.HTTP
    assert (environment.host, environment.port) == ("127.0.0.1", 3000)
    assert environment.configuration == Path("greenlight.yml")
    assert environment.database == Path("greenlight.db")
    assert environment.slack_api_url == "https://slack.com/api/"


@pytest.mark.parametrize(
    ("given", "transport"),
    [
        ({"SLACK_APP_TOKEN": "xapp-1"}, Transport.SOCKET),
        ({"SLACK_SIGNING_SECRET": "s"}, Transport.HTTP),
        ({"SLACK_APP_TOKEN": "xapp-1", "SLACK_SIGNING_SECRET": "s"}, Transport.HTTP),
        ({"SLACK_APP_TOKEN": "xapp-1", "SLACK_SIGNING_SECRET": ""}, Transport.SOCKET),
        (
            {"SLACK_APP_TOKEN": "xapp-1", "SLACK_SIGNING_SECRET": "s", "GREENLIGHT_TRANSPORT": "Socket"},
            Transport.SOCKET,
        ),
    ],
)
def test_transport_follows_from_the_secrets_unless_told(
    given: dict[str, str], transport: Transport, variables: Variables
) -> None:
    """Socket Mode where only an app token is given, HTTP where there is a signing secret."""
    variables(SLACK_BOT_TOKEN="xoxb-1", **given)
    assert read_environment().transport is transport


@pytest.mark.parametrize(
    ("given", "key", "words"),
    [
        ({"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN", "is not set"),
        ({"SLACK_BOT_TOKEN": "xapp-1-SECRET"}, "SLACK_BOT_TOKEN", "This is an app-level token, but a bot token"),
        ({"SLACK_BOT_TOKEN": "xoxp-SECRET"}, "SLACK_BOT_TOKEN", "This is a user token"),
        ({"SLACK_BOT_TOKEN": "SECRET"}, "SLACK_BOT_TOKEN", "This is no Slack token"),
        ({"SLACK_APP_TOKEN": "xoxb-SECRET"}, "SLACK_APP_TOKEN", "This is a bot token, but an app-level token"),
        ({"SLACK_SIGNING_SECRET": "xoxb-SECRET"}, "SLACK_SIGNING_SECRET", "This is a token, but the signing secret"),
        ({"SLACK_SIGNING_SECRET": ""}, "GREENLIGHT_TRANSPORT", "neither SLACK_SIGNING_SECRET (HTTP) nor"),
        ({"GREENLIGHT_TRANSPORT": "socket"}, "GREENLIGHT_TRANSPORT", "Socket Mode needs SLACK_APP_TOKEN"),
        ({"GREENLIGHT_TRANSPORT": "pigeon"}, "GREENLIGHT_TRANSPORT", "Allowed: 'auto', 'http' or 'socket'"),
        ({"DATABASE_URL": "postgresql://u:SECRET@db/x"}, "DATABASE_URL", "are not supported yet"),
        ({"PORT": "eighty"}, "PORT", "from 0 to 65535"),
        ({"PORT": "70000"}, "PORT", "from 0 to 65535"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL", "'debug', 'info'"),
        ({"SLACK_API_URL": "slack"}, "SLACK_API_URL", "is not a web address"),
        ({"SLACK_API_URL": "https://u:SECRET@slack.com/api"}, "SLACK_API_URL", "holds a user or a password"),
    ],
)
def test_wrong_variable_is_named_and_its_value_never_shown(
    given: dict[str, str], key: str, words: str, variables: Variables
) -> None:
    """Each mistake is one problem that names the variable and says what to do; no secret is in it or behind it."""
    variables(**({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"} | given))
    with pytest.raises(ConfigurationError) as refused:
        read_environment()
    (problem,) = refused.value.problems
    assert (problem.file, problem.key) == ("environment", key)
    assert words in problem.reason + problem.remedy
    assert problem.remedy
    assert "SECRET@" not in str(problem)
    assert "-SECRET" not in str(problem)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


def test_secrets_are_not_in_the_environments_text(variables: Variables) -> None:
    """An environment that is logged by mistake gives nothing away."""
    variables(SLACK_BOT_TOKEN="xoxb-hidden", SLACK_SIGNING_SECRET="hidden", SLACK_APP_TOKEN="xapp-hidden")
    environment = read_environment()
    assert "hidden" not in f"{environment} {environment!r} {environment.model_dump_json()}"


def test_environment_given_by_field_reads_no_variable(variables: Variables) -> None:
    """The playground runs on a machine whose variables are meant for something else."""
    variables(PORT="9", DATABASE_URL="postgresql://elsewhere", SLACK_API_URL="https://elsewhere/")
    environment = Environment(bot_token=SecretStr("xoxb-1"), signing_secret=SecretStr("s"))
    assert (environment.port, environment.slack_api_url) == (3000, "https://slack.com/api/")


def test_variables_named_like_fields_are_not_read(variables: Variables, monkeypatch: pytest.MonkeyPatch) -> None:
    """`DATABASE` and `BOT_TOKEN` belong to somebody else."""
    monkeypatch.setenv("DATABASE", "other.db")
    monkeypatch.setenv("BOT_TOKEN", "xoxb-other")
    variables(SLACK_SIGNING_SECRET="s")
    with pytest.raises(ConfigurationError, match="SLACK_BOT_TOKEN"):
        read_environment()
    assert Files().database == Path("greenlight.db")


def test_problems_of_variables_and_file_are_told_together(variables: Variables, tmp_path: Path) -> None:
    """A first start shows both what is not set and what is wrong in the file."""
    variables(GREENLIGHT_CONFIG=str(_written(tmp_path, "version: 1\n")))
    with pytest.raises(ConfigurationError) as refused:
        read_all()
    assert {problem.key for problem in refused.value.problems} == {
        "SLACK_BOT_TOKEN",
        "GREENLIGHT_TRANSPORT",
        "services",
    }


def test_all_is_read_where_all_is_well(variables: Variables, tmp_path: Path) -> None:
    """Environment and configuration come together."""
    variables(SLACK_BOT_TOKEN="xoxb-1", SLACK_APP_TOKEN="xapp-1", GREENLIGHT_CONFIG=str(_written(tmp_path, GOOD)))
    environment, configuration = read_all()
    assert environment.transport is Transport.SOCKET
    assert isinstance(configuration, Configuration)
    assert list(configuration.services) == ["billing"]


def _written(folder: Path, text: str) -> Path:
    path = folder / "greenlight.yml"
    path.write_text(text, encoding="utf-8")
    return path
