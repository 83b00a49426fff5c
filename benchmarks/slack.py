"""A Slack for Greenlight to talk to: the playground's own, with its team, in a process of its own."""

from __future__ import annotations

import asyncio
import sys

from load import SECRET

from playground.run import manifest
from playground.seed import people_and_places
from playground.slack.server import SlackServer
from playground.slack.state import Credentials


async def main(port: int) -> None:
    """Serve until killed."""
    credentials = Credentials(bot_token="xoxb-bench", signing_secret=SECRET)
    slack = SlackServer(manifest(), credentials=credentials)
    people_and_places(slack.workspace)
    await slack.start(port=port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
