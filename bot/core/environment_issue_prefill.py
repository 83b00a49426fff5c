"""What the forms of an environment issue already know."""

from __future__ import annotations

from bot.core import environment_issue_forms as forms
from bot.core.forms import Form
from bot.core.prefill import Answers, Filler, Known

PRODUCTION = "production"


def _report(known: Known) -> Answers:
    """The environment that the last report was about, else the first that is not production; it began just now."""
    others = [name for name in known.policy.environments if name != PRODUCTION]
    environment = known.previous.environment if known.previous else next(iter(others), "")
    return {"environment": environment, "started": known.now, "urgency": "medium"}


def _restored(known: Known) -> Answers:
    """The cause and the fix as they were told last."""
    said = known.conversation.forms.get("update", {}) if known.conversation else {}
    return {"root_cause": said.get("cause"), "fix": ", ".join(said.get("fix", ()))}


FILLERS: dict[type[Form], Filler] = {forms.ReportForm: _report, forms.RestoreForm: _restored}
