"""The rules of the release: who signs, what a revision voids, when a deployment may start, how long it is watched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.core.roles import Role
from bot.core.versions import is_same_commit, is_same_version
from bot.errors import Refusal
from tests.core.a_release import (
    CI,
    DEVOPS,
    LINKED,
    MANAGER,
    NONE_SIGN,
    OTHER_LEAD,
    OTHER_QA,
    PM,
    POLICY,
    QA,
    START,
    TECH_LEAD,
    TWO_SIGN,
    Play,
    another_time,
    approval,
    person,
    plan,
    reason,
    roll_back,
    rolled_back,
    start,
)


def signed(play: Play) -> list[tuple[str, str, str]]:
    """Role, person, and who vouches for them."""
    return [(sign.role.value, sign.person, sign.vouched_by) for sign in play.release.sign_offs]


def refusal(play: Play, *step: Any, **move: Any) -> Refusal:
    before = play.release.model_copy(deep=True)
    with pytest.raises(Refusal) as refused:
        play.take(*step, **move)
    assert play.release == before
    return refused.value


VOUCHED = {TECH_LEAD.id: TECH_LEAD.roles, OTHER_LEAD.id: OTHER_LEAD.roles, PM.id: PM.roles, DEVOPS.id: DEVOPS.roles}


# ── signing ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_revision_keeps_the_environment_whatever_the_configuration_calls_it_by_now() -> None:
    """And can't choose another: that is another release."""
    play = Play(POLICY.but(environments=("production", "staging"))).approved()
    assert "stays so" in refusal(play, "revise", QA, approval(environment="staging")).fields["environment"]
    renamed = Play(POLICY.but(environments=("live", "staging"))).approved()
    assert renamed.release.environment == "production"
    renamed.take("revise", QA, approval(environment="production"))
    assert (
        "there are: live, staging" in refusal(renamed, "revise", QA, approval(environment="moon")).fields["environment"]
    )


def test_approving_is_qas_own_sign_off() -> None:
    play = Play().approved()
    assert signed(play) == [("qa", QA.id, "")]
    assert play.release.missing == (Role.TECH_LEAD,)


def test_the_author_does_not_approve_revise_or_sign_their_own_change() -> None:
    """Self-approval is refused."""
    assert "author of this change" in refusal(Play(), "approve", QA, approval(authors=[QA.id])).reason
    by_others = Play().approved(authors=[TECH_LEAD.id])
    assert "author of this change" in refusal(by_others, "cosign", TECH_LEAD).reason
    assert "author of this change" in refusal(by_others, "revise", QA, approval(authors=[QA.id])).reason


def test_who_became_an_author_by_a_revision_does_not_sign_any_more() -> None:
    """The guard looks at the latest approval, and an earlier sign-off of theirs is void."""
    play = Play(TWO_SIGN).approved()
    play.take("cosign", TECH_LEAD)
    play.take("revise", QA, approval(authors=[TECH_LEAD.id]))
    assert signed(play) == [("qa", QA.id, "")]
    assert [sign["person"] for sign in play.events[-1].data["voided"]] == [TECH_LEAD.id]
    assert "author" in refusal(play, "cosign", TECH_LEAD).reason


def test_nobody_signs_twice_whatever_roles_they_hold() -> None:
    """Neither after another sign-off nor after the approval itself."""
    both = person("UBOTH", Role.TECH_LEAD, Role.PM)
    play = Play(TWO_SIGN).approved()
    play.take("cosign", both)
    refused = refusal(play, "cosign", both)
    assert refused.reason == "You have signed v1.2.0 already; each sign-off needs a different person."
    assert refused.may == ("PM",)
    approver = person("UALL", Role.QA, Role.TECH_LEAD)
    own = Play()
    own.take("approve", approver, approval())
    assert "already" in refusal(own, "cosign", approver).reason
    assert own.take("cosign", TECH_LEAD).state == "awaiting_plan"


def test_a_role_that_is_not_required_or_has_signed_may_not_sign() -> None:
    play = Play(TWO_SIGN).approved()
    assert refusal(play, "cosign", DEVOPS).may == ("Tech Lead", "PM")
    play.take("cosign", TECH_LEAD)
    assert refusal(play, "cosign", OTHER_LEAD).may == ("PM",)


# ── by word of mouth ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_verbal_sign_off_is_stored_with_who_vouches_for_it() -> None:
    """The document's "Tech Lead: @tech-lead (verbal)"."""
    play = Play()
    play.take("approve", QA, approval(verbal=[TECH_LEAD.id]), vouched=VOUCHED)
    assert signed(play) == [("qa", QA.id, ""), ("tech_lead", TECH_LEAD.id, QA.id)]
    assert play.release.state == "awaiting_plan"


@pytest.mark.parametrize(
    ("verbal", "why"),
    [
        ([QA.id], "You sign with this approval already"),
        ([DEVOPS.id], "none of the roles that must sign (Tech Lead)"),
        (["USTRANGER"], "none of the roles that must sign"),
        ([OTHER_LEAD.id], "An author of the change may not sign it off"),
        ([TECH_LEAD.id, "UTHIRD"], "More people are named here than there are sign-offs missing"),
    ],
)
def test_who_cannot_be_vouched_for_is_refused_at_the_field(verbal: list[str], why: str) -> None:
    vouched = VOUCHED | {"UTHIRD": frozenset({Role.TECH_LEAD})}
    refused = refusal(Play(), "approve", QA, approval(verbal=verbal, authors=[OTHER_LEAD.id]), vouched=vouched)
    assert why in refused.fields["verbal"]


def test_where_nobody_else_must_sign_nobody_is_vouched_for() -> None:
    refused = refusal(Play(NONE_SIGN), "approve", QA, approval(verbal=[TECH_LEAD.id]), vouched=VOUCHED)
    assert refused.fields["verbal"] == "No sign-off but yours is required here; leave this empty."


def test_two_are_vouched_for_in_any_order_so_that_nobody_takes_anothers_only_role() -> None:
    """One holds both roles, the other one of them: both count, whoever is named first."""
    both = {"UBOTH": frozenset({Role.TECH_LEAD, Role.PM}), TECH_LEAD.id: TECH_LEAD.roles}
    for verbal in (["UBOTH", TECH_LEAD.id], [TECH_LEAD.id, "UBOTH"]):
        play = Play(TWO_SIGN)
        play.take("approve", QA, approval(verbal=verbal), vouched=both)
        assert signed(play)[1:] == [("tech_lead", TECH_LEAD.id, QA.id), ("pm", "UBOTH", QA.id)]


def test_who_was_vouched_for_does_not_sign_once_more_in_another_role() -> None:
    both = person("UBOTH", Role.TECH_LEAD, Role.PM)
    play = Play(TWO_SIGN)
    play.take("approve", QA, approval(verbal=[both.id]), vouched={both.id: both.roles})
    assert "already" in refusal(play, "cosign", both).reason


# ── revisions and objections ─────────────────────────────────────────────────────────────────────────────────────────
def test_a_changed_commit_voids_every_sign_off_and_says_whose() -> None:
    play = Play().scheduled()
    play.take("revise", QA, approval(commit="def456"))
    assert play.release.state == "awaiting_signoffs"
    assert signed(play) == [("qa", QA.id, "")]
    (voided,) = play.events[-1].data["voided"]
    assert (voided["role"], voided["person"], voided["commit"]) == ("tech_lead", TECH_LEAD.id, "abc123")


def test_sign_offs_of_an_unchanged_commit_stay_and_lead_straight_to_the_plan() -> None:
    """The release never waits for what it has."""
    play = Play().scheduled()
    play.take("revise", OTHER_QA, approval(known_issues=["STORY-145"]))
    assert play.release.state == "awaiting_plan"
    assert signed(play) == [("qa", OTHER_QA.id, ""), ("tech_lead", TECH_LEAD.id, "")]
    assert play.events[-1].data["voided"] == []


def test_the_approval_is_always_the_latest_one() -> None:
    """A revision takes its place: the commit that is checked at the start, and the authors, are the revised ones."""
    play = Play().approved()
    play.take("revise", QA, approval(commit="def456", known_issues=["STORY-145"]))
    assert play.release.approval.commit == "def456"
    assert play.release.approval.known_issues == ("STORY-145",)
    play.take("cosign", TECH_LEAD)
    assert play.release.sign_offs[-1].commit == "def456"
    play.take("plan", DEVOPS, plan())
    play.take("confirm", QA)
    play.wait(hours=1)
    assert "The approved commit is def456" in refusal(play, "start", DEVOPS, start(commit="abc123")).reason
    assert play.take("start", DEVOPS, start(commit="def456")).state == "deploying"


def test_a_revision_puts_the_plan_aside_and_keeps_it_to_start_from() -> None:
    play = Play().scheduled()
    play.take("revise", QA, approval())
    assert play.release.plan is None
    assert play.release.planned_at is None
    assert play.release.last_plan is not None
    assert play.release.last_plan.rollback_target == "v1.1.0"


def test_a_counter_proposal_keeps_the_plan_it_answers() -> None:
    """So that DevOps starts from it, with the time that QA named."""
    play = Play().planned()
    play.take("propose_time", QA, another_time())
    assert play.release.plan is not None
    assert play.release.plan.rollback_target == "v1.1.0"
    assert play.release.forms["propose_time"]["when"].startswith("2024-01-16T18:00")


def test_another_version_is_another_release() -> None:
    refused = refusal(Play().approved(), "revise", QA, approval(version="v1.3.0"))
    assert "This release is v1.2.0" in refused.fields["version"]


def test_who_signs_as_qa_now_loses_the_sign_off_they_gave_in_another_role() -> None:
    """One person, one sign-off; and it is told."""
    both = person("UBOTH", Role.QA, Role.TECH_LEAD)
    play = Play().approved()
    play.take("cosign", both)
    play.take("revise", both, approval())
    assert signed(play) == [("qa", both.id, "")]
    assert [sign["role"] for sign in play.events[-1].data["voided"]] == ["tech_lead"]


def test_an_objection_takes_back_the_sign_off_of_the_role_that_objects() -> None:
    """An unchanged revision does not pass over it: the role is asked once more."""
    for objector in (TECH_LEAD, OTHER_LEAD):
        play = Play().signed()
        play.take("object", objector, reason("The migration locks the table"))
        assert [sign["person"] for sign in play.events[-1].data["voided"]] == [TECH_LEAD.id]
        assert play.take("revise", QA, approval()).state == "awaiting_signoffs"
        assert play.release.missing == (Role.TECH_LEAD,)


def test_an_objection_leaves_the_sign_offs_of_other_roles_alone() -> None:
    play = Play(TWO_SIGN).approved()
    play.take("cosign", PM)
    play.take("object", TECH_LEAD, reason())
    play.take("revise", QA, approval())
    assert play.release.missing == (Role.TECH_LEAD,)


def test_the_roles_that_must_sign_are_those_of_the_day_of_the_approval() -> None:
    """A changed configuration holds from the next approval or revision on."""
    play = Play().approved()
    play.policy = TWO_SIGN
    assert play.take("cosign", TECH_LEAD).state == "awaiting_plan"
    play.take("revise", QA, approval())
    assert play.release.missing == (Role.PM,)


# ── the plan and its time ────────────────────────────────────────────────────────────────────────────────────────────
def test_a_time_that_has_passed_is_refused_at_its_field() -> None:
    for moment in (START - timedelta(minutes=1), START):
        refused = refusal(Play().signed(), "plan", DEVOPS, plan(moment))
        assert refused.fields == {"when": "This time has passed; choose a later one."}
    assert "when" in refusal(Play().planned(), "propose_time", QA, another_time(START)).fields


@pytest.mark.parametrize("target", ["v1.2.0", "1.2.0", "V1.2.0"])
def test_a_release_does_not_roll_back_to_itself(target: str) -> None:
    """No deployment without a rollback target; and no rollback is verified on the version that was rolled back."""
    assert "rollback_target" in refusal(Play().signed(), "plan", DEVOPS, plan(rollback_target=target)).fields
    assert "target" in refusal(Play().watching(), "roll_back", QA, roll_back(target)).fields
    rolling = Play().in_state("rolling_back")
    assert "version" in refusal(rolling, "rolled_back", LINKED, rolled_back(target)).fields


def test_a_new_plan_takes_the_place_of_the_old_one() -> None:
    play = Play().planned()
    play.take("propose_time", QA, another_time())
    play.take("plan", DEVOPS, plan(START + timedelta(hours=3), duration=40))
    assert play.release.planned_at == START + timedelta(hours=3)
    assert play.release.planned_end == START + timedelta(hours=3, minutes=40)


# ── starting ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_deployment_starts_a_little_early_and_not_earlier() -> None:
    """The service says how much; the refusal says how long it is still."""
    play = Play().scheduled().wait(minutes=44)
    refused = refusal(play, "start", DEVOPS, start())
    assert refused.reason == (
        "The agreed time is 16 min away; “Move deployment” agrees on another. "
        "A Release Manager or Tech Lead may override this with a reason."
    )
    assert refused.may == ("Release Manager", "Tech Lead")
    assert play.wait(minutes=1).take("start", DEVOPS, start()).state == "deploying"


def test_a_long_time_is_told_in_hours() -> None:
    play = Play().signed()
    play.take("plan", DEVOPS, plan(START + timedelta(hours=16, minutes=5)))
    play.take("confirm", QA)
    assert "16 h 5 min away" in refusal(play, "start", CI, start()).reason


def test_another_commit_than_the_approved_one_is_not_deployed() -> None:
    play = Play().scheduled().wait(hours=1)
    refused = refusal(play, "start", CI, start(commit="def456"))
    assert refused.fields["commit"].startswith("The approved commit is abc123, not def456.")


def test_whoever_may_override_does_so_with_a_reason_that_is_kept() -> None:
    for who in (MANAGER, TECH_LEAD, person("UBOTH", Role.DEVOPS, Role.TECH_LEAD)):
        play = Play().scheduled()
        play.take("start", who, start(commit="def456", override="Hotfix for the outage"))
        assert play.events[-1].data["override"] == "Hotfix for the outage"
        assert play.events[-1].actor == who.id


def test_devops_alone_overrides_nothing() -> None:
    refused = refusal(Play().scheduled(), "start", DEVOPS, start(override="We are in a hurry"))
    assert refused.fields["override"] == (
        "The agreed time is 1 h 0 min away; “Move deployment” agrees on another. "
        "Only a Release Manager or Tech Lead may override this."
    )


def test_who_may_only_override_does_not_start_without_a_reason() -> None:
    """Starting at its time, on the right commit, is DevOps's."""
    refused = refusal(Play().scheduled().wait(hours=1), "start", MANAGER, start())
    assert refused.may == ("DevOps",)
    assert "override" in refused.fields


def test_a_role_that_could_not_be_looked_up_is_named_where_a_rule_needs_it() -> None:
    """Fails closed, and says why."""
    unsure = person("UUNSURE", Role.DEVOPS, unknown={Role.TECH_LEAD: "Slack did not answer"})
    refused = refusal(Play().scheduled(), "start", unsure, start(override="Hotfix"))
    assert "Your role could not be checked (Tech Lead: Slack did not answer)" in refused.reason
    unsure = person("UUNSURE", Role.TECH_LEAD, unknown={Role.DEVOPS: "Slack did not answer"})
    refused = refusal(Play().scheduled(), "start", unsure, start())
    assert "Your role could not be checked (DevOps: Slack did not answer)" in refused.reason


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("abc123", "abc123", True),
        ("abc123", "abc123def4567890", True),
        ("ABC123def", "abc123", True),
        ("abc123", "abc124", False),
        ("v1.2.0", "v1.2.0-hotfix", False),
        ("release", "release", True),
    ],
)
def test_a_hash_may_be_shortened_and_a_tag_may_not(one: str, other: str, same: bool) -> None:
    assert is_same_commit(one, other) is same
    assert is_same_commit(other, one) is same


def test_versions_are_the_same_with_and_without_their_v() -> None:
    assert is_same_version("v1.2.0", "1.2.0")
    assert is_same_version("V1.2.0-RC1", "v1.2.0-rc1")
    assert not is_same_version("v1.2.0", "v1.2.00")
