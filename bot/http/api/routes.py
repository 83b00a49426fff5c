"""The addresses of `/api`, made from the dialogues' tables, and their description (OpenAPI)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from importlib.metadata import version as version_of
from typing import Annotated, Any

from fastapi import FastAPI, Header, Query, Request, Response, Security
from fastapi.openapi.utils import get_openapi
from fastapi.security import HTTPBearer

from bot.core.dialogue import Dialogue
from bot.core.dialogues import DIALOGUES
from bot.core.smoke_forms import SmokeForm
from bot.http.api import problems, schemas
from bot.http.api.answers import Recorded, Status
from bot.http.api.gate import JUNIT_TYPES, MAX_REPORT, OPENAPI_PATH, SMOKE_RESULTS, content_type
from bot.http.api.pipelines import Asking, Done, Pipelines, states_of
from bot.http.api.problems import ApiError
from bot.http.api.table import Row, collection, rows
from bot.http.bodies import headers_of

LONGEST_WAIT = 60
"""Seconds of a long poll."""

PREFIX = "/api/services/{service}"

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        description="Names the request, such as a run's id and its step: its repeat is answered the same. Another "
        "request with it, also the same one with another body, is refused with 422.",
    ),
]
Where = Annotated[
    str,
    Query(
        max_length=60,
        description="Of several environments, the one that is meant. Needed where the version is under way in "
        "more than one, and by every step in another than the first.",
    ),
]
Until = Annotated[
    tuple[str, ...], Query(description="The states to wait for; once it is over, nobody waits any longer.")
]
Wait = Annotated[
    int,
    Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for one of the states in `until`, or for any change."),
]


def build(pipelines: Pipelines) -> FastAPI:
    """The API as an ASGI application. What comes in has passed the gate."""
    app = FastAPI(
        title="Greenlight",
        version=version_of("greenlight"),
        summary="What pipelines tell and ask about releases.",
        openapi_url=OPENAPI_PATH,
        docs_url=None,
        redoc_url=None,
        dependencies=[Security(HTTPBearer(auto_error=False, description="`greenlight token create` gives one."))],
    )
    app.router.redirect_slashes = False
    problems.install(app)
    known = rows()
    for dialogue in dict.fromkeys(row.dialogue.name for row in known):
        _add_status(app, pipelines, DIALOGUES[dialogue])
    for row in known:
        _add_step(app, pipelines, row)
    by_name = {row.scope: row for row in known}
    _add_smoke(app, pipelines, by_name["smoke_passed"], by_name["smoke_failed"])
    app.openapi = partial(_description, app, schemas.forms_of((*(row.step.form for row in known), SmokeForm)))  # type: ignore[method-assign]  # FastAPI's own way (docs, "Extending OpenAPI")
    return app


def _description(app: FastAPI, forms: tuple[Any, ...]) -> dict[str, Any]:
    if app.openapi_schema is None:
        described = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        kept = described.setdefault("components", {}).setdefault("schemas", {})
        kept |= schemas.components(forms)
        app.openapi_schema = described
    return app.openapi_schema


async def _asking(request: Request, service: str, key: str = "", environment: str = "") -> Asking:
    kind = content_type(headers_of(request.scope))
    body = b"" if request.method in {"GET", "HEAD"} else await request.body()
    return Asking(request.state.token, service, body, kind, key, environment)


def _answered(done: Done, response: Response) -> Recorded:
    if done.repeated:
        response.headers["Idempotent-Replayed"] = "true"
    return done.recorded


def _add(app: FastAPI, path: str, endpoint: Callable[..., Awaitable[Recorded]], **told: Any) -> None:
    app.add_api_route(path, endpoint, methods=["POST"], response_model=Recorded, responses=schemas.problems(), **told)


def _add_step(app: FastAPI, pipelines: Pipelines, row: Row) -> None:
    """POST of a step's form, to the conversation's address; of the first step's, to the collection's."""
    base, step = f"{PREFIX}/{collection(row.dialogue)}", row.step

    async def opens(request: Request, response: Response, service: str, key: Key = "") -> Recorded:
        return _answered(await pipelines.take(await _asking(request, service, key), row), response)

    async def goes_on(
        request: Request, response: Response, service: str, version: str, environment: Where = "", key: Key = ""
    ) -> Recorded:
        asking = await _asking(request, service, key, environment)
        return _answered(await pipelines.take(asking, row, version), response)

    told: dict[str, Any] = {
        "operation_id": row.scope.replace(".", "_"),
        "summary": step.label,
        "tags": [row.dialogue.name],
        "openapi_extra": schemas.body(step.form),
    }
    if step.sources:
        _add(app, f"{base}/{{version}}/steps/{step.name}", goes_on, **told)
    else:
        _add(app, base, opens, status_code=HTTPStatus.CREATED, **told)


def _add_smoke(app: FastAPI, pipelines: Pipelines, passed: Row, failed: Row) -> None:
    async def smoke(
        request: Request, response: Response, service: str, version: str, environment: Where = "", key: Key = ""
    ) -> Recorded:
        asking = await _asking(request, service, key, environment)
        return _answered(await pipelines.smoke(asking, passed, failed, version), response)

    _add(
        app,
        f"{PREFIX}/{collection(passed.dialogue)}/{{version}}/{SMOKE_RESULTS}",
        smoke,
        operation_id="smoke_results",
        summary="Results of the smoke test",
        description="As JSON or as JUnit XML. One failed test makes it “Smoke failed”, else it is “Smoke passed”. "
        f"Of JUnit XML {MAX_REPORT:,} bytes are read.",
        tags=[passed.dialogue.name],
        openapi_extra=schemas.body(SmokeForm, *sorted(JUNIT_TYPES)),
    )


def _add_status(app: FastAPI, pipelines: Pipelines, dialogue: Dialogue[Any]) -> None:
    states = states_of(dialogue.name)

    async def status(
        request: Request,
        service: str,
        version: str,
        environment: Where = "",
        until: Until = (),
        wait: Wait = 0,
    ) -> Status:
        wanted = frozenset(until)
        if unknown := wanted - set(states):
            why = f"There is no state “{min(unknown)[:60]}”; there are: {', '.join(states)}."
            raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, why, fields={"until": why})
        look = partial(pipelines.status, await _asking(request, service, "", environment), dialogue, version)
        return await pipelines.wait(look, wanted, wait, partial(_left, request)) if wait else await look()

    app.add_api_route(
        f"{PREFIX}/{collection(dialogue)}/{{version}}",
        status,
        methods=["GET"],
        response_model=Status,
        response_model_exclude_none=True,
        responses=schemas.problems(409, 413, 415),
        operation_id=f"{dialogue.name}_status",
        summary=f"Where a {dialogue.noun} stands",
        description=f"Its states: {', '.join(states)}.",
        tags=[dialogue.name],
    )


async def _left(request: Request) -> None:
    """Return when the client is gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
