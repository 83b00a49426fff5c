"""What is asked before something is built on a version that Greenlight knows otherwise: a safety net that was never
there, a rollback of what is not deployed. A slip of the keyboard must not cost a production; but what was live before
Greenlight's time, or was deployed behind its back, is right all the same once somebody says that they are sure.
"""

from __future__ import annotations

from bot.core.events import Conversation
from bot.core.refusing import meant
from bot.core.surroundings import Surroundings
from bot.core.versions import is_same_version
from bot.errors import Refusal

MOST_NAMED = 4


def refuse_unknown_target(field: str, target: str, it: Conversation, around: Surroundings) -> None:
    """A version to go back to that is not known to have been there, where one is that was."""
    known = around.ways_back_from(it.version)
    if not known or around.was_deployed(target) or _was_seen(target, it, around):
        return
    near = meant(target, known).replace("`", "")
    why = f"No release in my records brought {target} to {it.environment}. {near}".strip()
    raise _asking(field, why, "If it is right all the same", f"Known are: {', '.join(known[:MOST_NAMED])}.")


def refuse_not_deployed(field: str, it: Conversation, around: Surroundings) -> None:
    """The rollback of a version whose release has not come that far. What is live is what was meant, most likely."""
    release = around.not_deployed(it.version)
    if release is None or _was_seen(it.version, it, around):
        return
    live = f"Known to be live is {around.live}." if around.live else ""
    how = release.state.replace("_", " ")
    why = f"{release.version} was not deployed to {it.environment} by its release, which is {how}."
    raise _asking(field, why, f"If {release.version} is live all the same", live)


def _was_seen(version: str, it: Conversation, around: Surroundings) -> bool:
    """Whether a deployment of it was told of that nobody had announced, and whose thread is open."""
    told = (one for one in around.others if (one.dialogue, one.environment) == ("unannounced", it.environment))
    return any(is_same_version(one.forms["appear"].get("version") or "", version) for one in told)


def _asking(field: str, why: str, otherwise: str, known: str) -> Refusal:
    """What is known stands last below a field: it has little room, and the way through must be read."""
    below = f"{why} {otherwise}, tick below that the versions are right. {known}".strip()
    return Refusal(f"{why} {known}".strip(), remedy=f"{otherwise}, add `sure=yes`.", fields={field: below})
