"""The checklist of a release: the document's sections, what proves an item, who may tick it, what waits for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from bot.core.checklist import Checklist, Entry, Item, Section, markdown
from bot.core.policy import Service
from bot.core.release_checklist import ChecklistForm, standing
from bot.core.release_forms import SummaryForm
from bot.core.roles import CLOCK, Role
from bot.core.words import is_no_downtime
from bot.errors import Refusal
from tests.core.a_release import (
    DEVOPS,
    MANAGER,
    OTHER_LEAD,
    POLICY,
    QA,
    TECH_LEAD,
    WATCH,
    Play,
    approval,
    deployed,
    form_for,
    items,
    plan,
    start,
)

GATED = POLICY.model_copy(update={"checklist": Checklist(gates=True)})
WITH_MIGRATIONS: dict[str, Any] = {"migrations": "Yes (1 migration)", "config_changes": "FEATURE_X=on"}


def entry(play: Play, text: str) -> Entry:
    found = standing(play.release, play.policy).called(text)
    assert found is not None, text
    return found


def done(play: Play) -> set[str]:
    return {one.line.text for one in standing(play.release, play.policy).entries if not one.is_open}


# ── the template and its proofs ──────────────────────────────────────────────────────────────────────────────────────
def test_the_default_is_the_documents_template() -> None:
    """Six sections, with the items in the document's words and order."""
    sections = standing(Play().approved().release, POLICY).sections()
    assert {title: [one.line.text for one in entries] for title, entries in sections.items()} == {
        "QA Sign-off": [
            "All stories tested",
            "All bugs fixed",
            "Regression passed",
            "Smoke test passed",
            "Known issues documented",
            "Release notes prepared",
        ],
        "QA Approval": ["QA Engineer"],
        "DevOps Pre-deployment": [
            "Migrations reviewed",
            "Config changes documented",
            "Rollback plan ready",
            "Monitoring alerts configured",
            "Deployment window confirmed",
        ],
        "Deployment": ["Backend deployed", "Frontend deployed", "Migrations applied", "Health checks passed"],
        "Post-deployment": ["QA smoke test passed", "Error rates normal", "Performance normal", "Team notified"],
        "Sign-off": ["DevOps"],
    }


def test_the_approval_proves_what_it_says_and_no_more() -> None:
    """Four bugs of five fixed, a smoke test with known issues and no release notes leave three items open."""
    play = Play().approved(bugs_fixed=4, smoke="passed_with_known_issues")
    assert done(play) == {"All stories tested", "Regression passed", "Known issues documented", "QA Engineer"}
    tick = entry(play, "Regression passed").tick
    assert tick is not None
    assert (tick.person, tick.name, tick.at, tick.step) == (QA.id, QA.name, play.now, "approve")


def test_the_release_that_goes_the_documents_way_ticks_nearly_all_of_it() -> None:
    """What no step proves is left to people: alerts, and the release notes that were not given."""
    play = Play().watching().wait(hours=2)
    play.take("complete", CLOCK, SummaryForm())
    left = {one.line.text for one in standing(play.release, play.policy).entries if one.is_open}
    assert left == {"Release notes prepared", "Monitoring alerts configured", "Frontend deployed"}


def test_who_ends_the_watch_early_has_not_proved_that_it_was_quiet() -> None:
    play = Play().watching()
    play.take("complete", DEVOPS, SummaryForm())
    assert entry(play, "Error rates normal").is_open
    assert not entry(play, "QA smoke test passed").is_open


def test_a_watch_without_monitors_or_with_gaps_has_not_proved_that_it_was_quiet() -> None:
    """Two hours that nobody measured say nothing of error rates; who looked ticks them by hand."""
    unmeasured, blind = Play(POLICY.model_copy(update={"signals": {}})).watching(), Play().watching()
    blind.take("blind", WATCH, form_for("blind", blind.now))
    for play in (unmeasured, blind):
        play.wait(hours=2).take("complete", CLOCK, SummaryForm())
        assert entry(play, "Error rates normal").is_open
        assert entry(play, "Performance normal").is_open


def test_the_last_signature_is_a_persons_also_where_the_clock_completes() -> None:
    """It is whoever deployed; who completes by hand signs for themselves."""
    quiet = Play().watching().wait(hours=2)
    quiet.take("complete", CLOCK, SummaryForm())
    tick = entry(quiet, "sign-off").tick
    assert tick is not None
    assert (tick.name, tick.at) == (DEVOPS.name, quiet.now)


@pytest.mark.parametrize(
    ("components", "healthy"),
    [
        (["Backend: Healthy", "Frontend: ✅ Healthy"], {"Backend deployed", "Frontend deployed"}),
        (["backend: ok", "Frontend: Unhealthy"], {"Backend deployed"}),
        (["Backend", "Frontend: not healthy"], set()),
    ],
)
def test_a_component_is_deployed_where_the_notice_calls_it_healthy(components: list[str], healthy: set[str]) -> None:
    play = Play().deploying()
    play.take("deployed", DEVOPS, deployed(components=components))
    assert {text for text in done(play) if text.startswith(("Backend", "Frontend"))} == healthy


@pytest.mark.parametrize(
    ("migration", "checks", "proved"),
    [
        ("✅ Applied", ["API: 200 OK", "Frontend: Loading correctly"], {"Migrations applied", "Health checks passed"}),
        ("None", ["API: 503"], {"Migrations applied"}),
        ("Failed", ["Auth: ❌"], set()),
        ("Not applied yet", ["Auth: not working"], set()),
    ],
)
def test_migrations_and_health_are_proved_by_what_the_notice_says(
    migration: str, checks: list[str], proved: set[str]
) -> None:
    play = Play().deploying()
    play.take("deployed", DEVOPS, deployed(migration=migration, health_checks=checks))
    assert done(play) & {"Migrations applied", "Health checks passed"} == proved


def test_the_window_is_confirmed_for_the_plan_that_is_on_the_table() -> None:
    """A revision puts plan and time aside; a new plan has to be confirmed anew."""
    play = Play().scheduled()
    assert not entry(play, "Deployment window confirmed").is_open
    play.wait(minutes=1).take("revise", QA, approval())
    assert entry(play, "Rollback plan ready").is_open
    play.take("plan", DEVOPS, plan(play.now + timedelta(hours=2)))
    assert not entry(play, "Rollback plan ready").is_open
    assert entry(play, "Deployment window confirmed").is_open


# ── ticking by hand ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_tick_by_hand_names_who_and_when() -> None:
    play = Play().signed().wait(minutes=5)
    play.take("tick", DEVOPS, items("migrations reviewed", "Monitoring"))
    for text in ("Migrations reviewed", "Monitoring alerts configured"):
        tick = entry(play, text).tick
        assert tick is not None
        assert (tick.name, tick.at, tick.step) == (DEVOPS.name, play.now, "")
    assert play.release.state == "awaiting_plan"


def test_an_item_is_ticked_by_its_owner_or_a_steward_of_the_release() -> None:
    """QA can't say that migrations were reviewed; the Tech Lead and the Release Manager can."""
    play = Play().signed()
    with pytest.raises(Refusal, match="“Migrations reviewed” is DevOps's to tick") as refused:
        play.take("tick", QA, items("Migrations reviewed"))
    assert refused.value.may == ("DevOps", "Release Manager", "Tech Lead")
    play.take("tick", OTHER_LEAD, items("Migrations reviewed"))
    play.take("tick", MANAGER, items("Config changes documented"))


def test_nobody_signs_for_another_role() -> None:
    play = Play().signed()
    with pytest.raises(Refusal) as refused:
        play.take("tick", MANAGER, items("sign-off"))
    assert refused.value.may == ("DevOps",)


def test_an_unknown_item_is_refused_with_those_there_are() -> None:
    with pytest.raises(Refusal, match="no item “Lunch ordered”") as refused:
        Play().signed().take("tick", DEVOPS, items("Lunch ordered"))
    assert "Migrations reviewed" in refused.value.remedy


def test_what_stands_as_wanted_is_refused_and_stays_as_it_is() -> None:
    """Who ticked first stays."""
    play = Play().signed()
    play.take("tick", DEVOPS, items())
    with pytest.raises(Refusal, match="Nothing would change"):
        play.take("tick", TECH_LEAD, items())
    with pytest.raises(Refusal, match="Nothing would change"):
        play.take("untick", DEVOPS, items("Migrations reviewed"))


def test_what_somebody_opened_again_stays_open_until_a_later_proof() -> None:
    """QA finds that a story was not tested after all; the revised approval says that it was."""
    play = Play().signed().wait(minutes=1)
    play.take("untick", QA, items("All stories tested"))
    play.take("plan", DEVOPS, plan())
    assert entry(play, "All stories tested").is_open
    play.wait(minutes=1).take("revise", QA, approval())
    assert not entry(play, "All stories tested").is_open


def test_two_people_who_save_the_same_checklist_are_merged() -> None:
    """Who saw it before the other's tick does not take that back, whatever their form says."""
    play = Play().signed()
    seen_at = play.now
    play.wait(minutes=1).take("tick", TECH_LEAD, items("Migrations reviewed"))
    play.wait(minutes=1)
    form = ChecklistForm(ticked=items().items, unticked=("Migrations reviewed",), seen_at=seen_at)
    play.take("checklist", DEVOPS, form)
    assert {"Migrations reviewed", "Monitoring alerts configured"} <= done(play)
    later = ChecklistForm(unticked=("Migrations reviewed",), seen_at=play.now)
    play.take("checklist", DEVOPS, later)
    assert entry(play, "Migrations reviewed").is_open


def test_a_revision_with_another_commit_opens_again_what_was_ticked_for_the_old_one() -> None:
    """What was reviewed is not what is released now; alerts are configured whatever is released."""
    play = Play().signed()
    play.take("tick", DEVOPS, items("Migrations reviewed", "Monitoring"))
    play.take("revise", QA, approval(commit="def456", bugs_fixed=4))
    assert entry(play, "Migrations reviewed").is_open
    assert not entry(play, "Monitoring alerts configured").is_open
    assert play.events[-1].data["unticked"] == ["All bugs fixed", "Migrations reviewed"]


def test_a_revision_of_the_same_commit_keeps_what_was_ticked_by_hand() -> None:
    play = Play().signed()
    play.take("tick", DEVOPS, items("Migrations reviewed"))
    play.take("revise", QA, approval(sprint="Sprint 17"))
    assert not entry(play, "Migrations reviewed").is_open
    assert play.events[-1].data["unticked"] == []


# ── gates ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def gated(policy: Service = GATED) -> Play:
    """A release at its agreed time, with migrations and config changes that somebody has to look at."""
    play = Play(policy).signed()
    play.take("plan", DEVOPS, plan(**WITH_MIGRATIONS))
    play.take("confirm", QA)
    return play.wait(hours=1)


def test_nothing_waits_for_the_checklist_unless_the_service_says_so() -> None:
    assert gated(POLICY).take("start", DEVOPS, start()).state == "deploying"


def test_a_gated_start_names_the_open_items_their_owner_and_the_way_through() -> None:
    play = gated()
    with pytest.raises(Refusal) as refused:
        play.take("start", DEVOPS, start())
    told = refused.value.fields["override"]
    assert "Migrations reviewed (DevOps)" in told
    assert "Config changes documented (DevOps), Monitoring alerts configured (DevOps)" in told
    assert "Rollback plan" not in told
    assert "“Checklist”" in told
    assert refused.value.may == ("Release Manager", "Tech Lead")


def test_a_gated_start_is_free_once_its_items_are_ticked() -> None:
    play = gated()
    play.take("tick", DEVOPS, items("Migrations reviewed", "Config changes documented", "Monitoring"))
    assert play.take("start", DEVOPS, start()).state == "deploying"
    assert "open_items" not in play.events[-1].data


def test_a_gate_is_overridden_by_the_role_that_may_and_that_is_kept() -> None:
    play = gated()
    with pytest.raises(Refusal, match="Only a Release Manager or Tech Lead may override"):
        play.take("start", DEVOPS, start(override="It is only a typo"))
    play.take("start", MANAGER, start(override="Hotfix for the outage"))
    assert play.events[-1].data["override"] == "Hotfix for the outage"
    assert play.events[-1].data["open_items"][0] == "Migrations reviewed"


def test_a_plan_without_migrations_or_config_changes_has_nothing_to_review() -> None:
    play = Play(GATED).scheduled().wait(hours=1)
    play.take("tick", DEVOPS, items())
    assert play.take("start", DEVOPS, start()).state == "deploying"


# ── the configuration's own ──────────────────────────────────────────────────────────────────────────────────────────
def test_an_item_is_a_text_alone_or_says_more() -> None:
    """Ids follow from texts; an item's owner is its section's."""
    own = Checklist.model_validate(
        {
            "sections": [
                {
                    "title": "Before",
                    "items": ["Backup taken", {"text": "Security scans completed", "owner": "security"}],
                }
            ]
        }
    )
    lines = own.lines(("Backend",))
    assert [(line.id, line.owner) for line in lines] == [
        ("backup-taken", Role.DEVOPS),
        ("security-scans-completed", Role.SECURITY),
    ]


def test_two_items_of_one_name_are_refused() -> None:
    with pytest.raises(ValidationError, match="two items that are called “backup-taken”"):
        Checklist(sections=(Section(title="A", items=(Item(text="Backup taken"), Item(text="Backup  Taken!"))),))


def test_a_service_may_have_no_checklist() -> None:
    play = Play(POLICY.model_copy(update={"checklist": Checklist(sections=())})).approved()
    assert standing(play.release, play.policy).entries == ()
    assert markdown(standing(play.release, play.policy), "v1.2.0") == "## Release Checklist: v1.2.0\n"


# ── the document's shape ─────────────────────────────────────────────────────────────────────────────────────────────
def test_the_checklist_reads_as_the_documents_template() -> None:
    """Boxes are ticked, and the sign-off lines say who and when."""
    play = Play().awaiting_smoke()
    text = markdown(standing(play.release, play.policy), "v1.2.0")
    assert text.startswith("## Release Checklist: v1.2.0\n\n### QA Sign-off\n- [x] All stories tested\n")
    assert "### QA Approval\n- [x] QA Engineer: Quinn\n- [x] Date: 2024-01-16 15:00 UTC\n" in text
    assert "- [ ] Monitoring alerts configured\n" in text
    assert "- [x] Backend deployed\n- [ ] Frontend deployed\n" in text
    assert text.endswith("### Sign-off\n- [ ] DevOps: ___________\n- [ ] Date: ___________\n")


@pytest.mark.parametrize(
    ("words", "none"),
    [
        ("None expected (zero-downtime deploy)", True),
        ("none", True),
        ("No downtime", True),
        ("Zero-downtime", True),
        ("0 min", True),
        ("-", True),
        ("Nothing is down", False),
        ("No more than 5 minutes", False),
        ("None for the API, 10 min for the UI", False),
        ("0.5 hours", False),
        ("5 minutes", False),
        ("~2 min while the schema changes", False),
        ("unknown", False),
        ("Northern region only", False),
    ],
)
def test_a_downtime_is_none_where_it_begins_so_and_names_no_time(words: str, none: bool) -> None:
    assert is_no_downtime(words) is none
