"""The page of a policy: members read it, admins change it and are told what that would do."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from review import decisions, policy, tasks
from review.models import Assignment, Dataset, Dialogue, Stage, User, Verdict
from review.rulings import Ruling

SignIn = Callable[[User], Client]
ADDRESS = "/datasets/coast/policy/"


@pytest.fixture
def sent(carol: User, client_of: SignIn) -> Callable[..., Any]:
    """Sends the form as it stands, with some fields changed; None leaves one out."""

    def send(**changes: Any) -> Any:
        browser = client_of(carol)
        form = browser.get(ADDRESS).context["form"]
        fields = {one.html_name: one.value() for group in form.groups() for one in group.fields} | {
            "since": browser.get(ADDRESS).context["since"]
        }
        for reasons in form.reasons:
            for row in reasons.rows:
                fields |= {
                    f"{row.prefix}-code": row.code,
                    f"{row.prefix}-label": row.label,
                    f"{row.prefix}-kind": row.kind or "rewrite",
                }
        fields |= {name.replace("__", "-"): value for name, value in changes.items()}
        kept = {
            name: value
            for name, value in fields.items()
            if value is not None and value is not False
        }
        return browser.post(ADDRESS, kept)

    return send


def test_a_member_reads_it_in_words_and_has_no_form(alice: User, client_of: SignIn) -> None:
    browser = client_of(alice)
    page = browser.get(ADDRESS).content.decode()
    assert "One decision settles a dialogue." in page
    assert "Reviewers are warned if a rewrite equals the final query" in page
    assert "Save the policy" not in page
    assert browser.post(ADDRESS, {}).status_code == 403


def test_the_form_as_it_stands_changes_nothing(sent: Any, dataset: Dataset) -> None:
    before = policy.values(dataset)
    assert sent().status_code == 302
    dataset.refresh_from_db()
    assert policy.values(dataset) == before
    assert not dataset.policy_changes.exists()


def test_an_admin_changes_it_and_the_page_keeps_who_changed_what(
    sent: Any, dataset: Dataset, carol: User, client_of: SignIn
) -> None:
    response = sent(
        hide_scores="on",
        arms__blind="12.5",
        validators__equal="block",
        reject_reasons__5__label="Ein Grund",
        reject_reasons__0__label="None fits",
        skip_reasons__1__removed="on",
    )
    assert response.status_code == 302
    dataset.refresh_from_db()
    assert (dataset.hide_scores, dataset.arms) == (True, {"blind": 0.125})
    assert dataset.validators["equal"] == "block"
    assert dataset.reject_reasons[0]["label"] == "None fits"
    assert dataset.reject_reasons[5] == {
        "code": "ein-grund",
        "label": "Ein Grund",
        "kind": "rewrite",
    }
    assert len(dataset.skip_reasons) == 3
    page = client_of(carol).get(ADDRESS).content.decode()
    for words in (
        "Scores hidden: no → yes",
        "Share of places that hide the scores: 0% → 12.5%",
        "If a text equals the final query: warn → ask for a reason",
        "Reason to reject, new: “Ein Grund”",
    ):
        assert words in page


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    sent: Any, dataset: Dataset
) -> None:
    response = sent(
        decisions_needed="2", quorum="3", arms__blind="60", arms__unaided="60", most_words="many"
    )
    assert response.status_code == 422
    assert "Give a whole number." in response.content.decode()
    response = sent(quorum="3", arms__blind="60", arms__unaided="60")
    page = response.content.decode()
    assert "Of 1 decision no 3 can agree." in page
    assert "The arms take 120% of the places together." in page
    assert response.context["form"]["arms-unaided"].value() == "60"
    response = sent(reject_reasons__0__label="")
    assert response.context["form"].reasons[0].kept()[0].errors
    dataset.refresh_from_db()
    assert not dataset.policy_changes.exists()


def test_what_would_happen_to_open_work_is_said_before_it_does(
    sent: Any,
    dataset: Dataset,
    dialogue: Dialogue,
    alice: User,
    bob: User,
    carol: User,
    claim: Callable[[User], Assignment],
    client_of: SignIn,
) -> None:
    Dataset.objects.update(decisions_needed=2)
    place = claim(alice)
    chosen = dialogue.candidates.order_by("pk")[0]
    ruling = Ruling(Verdict.ACCEPT, candidate_id=chosen.pk)
    decisions.decide(assignment=place, ruling=ruling, by=alice)
    first = sent(decisions_needed="1")
    assert first.status_code == 200
    assert "1 dialogue has 1 decision already and will be settled now." in first.content.decode()
    assert not dataset.policy_changes.exists()
    seen = first.context["fingerprint"]
    assert sent(decisions_needed="1", needs_scores="on", confirmed=seen).status_code == 200
    assert sent(decisions_needed="1", confirmed=seen).status_code == 302
    tasks.follow_policy(dataset.pk)
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.APPROVED
    page = client_of(carol).get("/datasets/coast/dialogues/d-1/").content.decode()
    assert "decided when 2 decisions were needed and all had to agree" in page


def test_two_admins_do_not_overwrite_each_other_unseen(
    sent: Any, dataset: Dataset, carol: User
) -> None:
    policy.save(dataset=dataset, changes={"hide_authors": True}, by=carol)
    response = sent(since="", hide_authors=None, lease_minutes="45")
    assert "changed the policy meanwhile" in response.content.decode()
    assert dataset.policy_changes.count() == 1
    assert sent(lease_minutes="45").status_code == 302
