"""The floor: a bare Bolt app with an empty handler, served as Greenlight is. It promises nothing."""

from __future__ import annotations

import sys

import uvicorn
from load import SECRET
from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult


def main() -> None:
    """Serve on the port that is given."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=None, bot_token="xoxb-bench")

    app = AsyncApp(signing_secret=SECRET, authorize=authorize, process_before_response=True)

    @app.command("/release")
    async def release(ack: AsyncAck) -> None:
        await ack()

    handler = AsyncSlackRequestHandler(app, path="/slack/events")
    uvicorn.run(
        handler,
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        log_level="warning",
        access_log=False,
    )


if __name__ == "__main__":
    main()
