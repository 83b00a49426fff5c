"""What goes wrong in `/api`, as problem bodies (RFC 9457): what was wrong, what is possible now, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from bot.errors import GreenlightError, Refusal, StoreBusyError
from bot.http.bodies import PROBLEM, problem_body


class ProblemBody(BaseModel):
    """A problem: `detail` says what was wrong in a sentence, `fields` what is wrong in which field of the body."""

    model_config = ConfigDict(title="Problem")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    remedy: str | None = Field(default=None, description="What to do.")
    fields: dict[str, str] | None = Field(default=None, description="What is wrong, by field of the body.")
    may: list[str] | None = Field(default=None, description="Who may do it.")
    open_steps: list[str] | None = Field(default=None, description="What is possible now, by the buttons' labels.")
    since: str | None = Field(default=None, description="Since when it is so.")


class ApiError(GreenlightError):
    """A request that is answered with a problem. Nothing was changed."""

    def __init__(self, status: HTTPStatus, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.more = more


def install(app: FastAPI) -> None:
    """Answer every error of ours, and the framework's own, as a problem."""

    async def ours(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ApiError)
        return _response(error.status, str(error), **error.more)

    async def refusal(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Refusal)
        return _refused(error)

    async def busy(_: Request, error: Exception) -> JSONResponse:
        return _response(HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers={"retry-after": "1"})

    async def frameworks(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        status = HTTPStatus(error.status_code)
        headers = dict(error.headers or {})
        return _response(status, "There is nothing at this address; see /api/openapi.json.", headers=headers)

    async def parameters(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        fields = {str(one["loc"][-1]): str(one["msg"]) for one in error.errors()}
        return _response(HTTPStatus.UNPROCESSABLE_ENTITY, "Some parameters are missing or wrong.", fields=fields)

    app.add_exception_handler(ApiError, ours)
    app.add_exception_handler(Refusal, refusal)
    app.add_exception_handler(StoreBusyError, busy)
    app.add_exception_handler(HTTPException, frameworks)
    app.add_exception_handler(RequestValidationError, parameters)


def _refused(error: Refusal) -> JSONResponse:
    """A field that is wrong in itself is 422; what is not possible now, or not for a pipeline, is 409."""
    is_wrong = bool(error.fields) and not error.may and error.since is None
    told: dict[str, Any] = {
        "remedy": error.remedy or None,
        "fields": dict(error.fields) or None,
        "may": list(error.may) or None,
        "open_steps": list(error.open_now) if error.since else None,
        "since": error.since.isoformat() if error.since else None,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.CONFLICT
    return _response(status, error.reason, **told)


def _response(
    status: HTTPStatus, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    given = {name: value for name, value in more.items() if value is not None}
    return JSONResponse(problem_body(status, detail, **given), int(status), headers, PROBLEM)
