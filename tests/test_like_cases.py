"""After deciding one sees how like cases were settled, and nothing that one may yet decide on."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client

from review import decisions
from review.discussion.like_cases import FREQUENCIES, like_cases
from review.models import Assignment, Dataset, Dialogue, Membership, Stage, User, Verdict
from review.rulings import Ruling

Claim = Callable[[User], Assignment]
Make = Callable[..., Dialogue]
SignIn = Callable[[User], Client]


def turns(query: str) -> list[dict[str, str]]:
    return [{"role": "user", "text": query}]


@pytest.fixture
def settled(make_dialogue: Make) -> Callable[..., Dialogue]:
    def make(external_id: str, query: str, **fields: object) -> Dialogue:
        dialogue = make_dialogue(external_id, turns=turns(query))
        changes = {"stage": Stage.APPROVED, "approved_candidate": dialogue.candidates.first()}
        Dialogue.objects.filter(pk=dialogue.pk).update(**{**changes, **fields})
        return dialogue

    return make


def found(dialogue: Dialogue, user: User) -> list[str]:
    membership = Membership.objects.select_related("dataset").get(user=user)
    return [case.dialogue.external_id for case in like_cases(dialogue, membership)]


def test_the_rarest_words_lead_to_the_likest(
    make_dialogue: Make, settled: Callable[..., Dialogue], carol: User
) -> None:
    settled("sky", "can you show me that lighthouse under a stormy sky")
    settled("dog", "can you show me the dog again")
    settled("other", "send it please")
    settled("海", "同じ灯台を夜に見せて")
    asked = make_dialogue("d-1", turns=turns("show me the lighthouse on a stormy night"))
    assert found(asked, carol) == ["sky", "dog"]
    japanese = make_dialogue("d-2", turns=turns("あの灯台の写真を見せて"))
    assert found(japanese, carol) == ["海"]


@pytest.mark.parametrize("query", ["it's a \\ 'quoted' & | ! :* query", "???", "a" * 4000])
def test_any_query_can_be_looked_for(
    make_dialogue: Make, settled: Callable[..., Dialogue], carol: User, query: str
) -> None:
    settled("same", query)
    assert found(make_dialogue("d-1", turns=turns(query)), carol) in (["same"], [])


def test_only_who_decided_sees_cases_and_none_they_may_be_handed(
    dataset: Dataset,
    settled: Callable[..., Dialogue],
    make_dialogue: Make,
    alice: User,
    claim: Claim,
) -> None:
    query = "show me the old lighthouse"
    settled("open-again", query)
    settled("released", query, released=True)
    dialogue = make_dialogue("d-1", turns=turns(query))
    assert found(dialogue, alice) == []
    place = claim(alice)
    assert found(dialogue, alice) == []
    chosen = dialogue.candidates.order_by("pk")[0]
    ruling = Ruling(Verdict.ACCEPT, candidate_id=chosen.pk)
    decisions.decide(assignment=place, ruling=ruling, by=alice)
    assert found(dialogue, alice) == ["released"]
    # As a hidden control it may come to her desk.
    Dataset.objects.update(control_rate=0.1)
    assert found(dialogue, alice) == []


def test_a_place_of_ones_own_keeps_its_dialogue_out(
    settled: Callable[..., Dialogue], make_dialogue: Make, bob: User, carol: User
) -> None:
    query = "show me the old lighthouse"
    control = settled("control", query, released=True)
    dialogue = make_dialogue("d-1", turns=turns(query))
    assert found(dialogue, carol) == ["control"]
    Assignment.objects.create(
        dialogue=control,
        reviewer=carol,
        place=0,
        purpose="control",
        claimed_at="2026-01-01T00:00Z",
        expires_at="2126-01-01T00:00Z",
    )
    assert found(dialogue, carol) == []


def test_the_page_shows_what_changed_and_why_one_was_rejected(
    settled: Callable[..., Dialogue], make_dialogue: Make, carol: User, client_of: SignIn
) -> None:
    settled("sky", "that lighthouse on a cloudy day")
    settled("no", "that lighthouse", stage=Stage.REJECTED, approved_candidate=None)
    make_dialogue("d-1", turns=turns("that lighthouse"))
    page = client_of(carol).get("/datasets/coast/like-cases/d-1/").content.decode()
    assert "<ins" in page
    assert "Rejected" in page


MANY = """
INSERT INTO review_dialogue (dataset_id, external_id, turns, final_query, target_images, metadata,
  content_hash, stage, round, note_to_models, places_taken, approval, check_outcome, released)
SELECT %s, 'many-' || n, '[]', 'the picture of thing ' || n, '{}', '{}', 'h', 'rejected', 0, '', 0,
  '', '', false
FROM generate_series(1, 3000) AS n
"""


def test_the_words_of_many_are_found_by_their_index(
    dataset: Dataset, make_dialogue: Make, carol: User
) -> None:
    dialogue = make_dialogue("d-1", turns=turns("that picture of thing 1234 again"))
    asked = {"dataset": dataset.pk, "query": dialogue.final_query, "most": 300, "words": 40}
    with connection.cursor() as cursor:
        cursor.execute(MANY, [dataset.pk])
        cursor.execute("ANALYZE review_dialogue")
        cursor.execute(f"EXPLAIN {FREQUENCIES}", asked)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "dialogue_settled_words" in plan
    assert found(dialogue, carol)[0] == "many-1234"
