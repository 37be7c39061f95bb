"""However many dialogues wait, the next one is found by reading a few: the indexes have them in
order, and the database uses them, with statistics and without."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from review.models import Dataset, Dialogue, Membership, QueueOrder, User
from review.places import queue

FEW, MANY = 1000, 4000
# A lone reviewer has 200 of their own looked through, each beside its place.
MOST_READ = 2 * queue.MOST_LOOKED_THROUGH + 50

FILL = """
INSERT INTO review_dialogue (dataset_id, external_id, turns, final_query, target_images, metadata,
  content_hash, stage, round, note_to_models, places_taken, panel_score, disagreement, language,
  approval, check_outcome, released)
SELECT %s, 'd-' || n, '[{"role": "user", "text": "a pier"}]', 'a pier', '{}', '{}', md5(n::text),
  CASE WHEN n %% 5 = 0 THEN 'proposed' ELSE 'judged' END, 0, '', 0, 1 + n %% 400 / 100.0,
  n %% 300 / 100.0, (ARRAY['en', 'de', 'ja', ''])[1 + n %% 4], '', '', false
FROM generate_series(%s, %s) n
"""
BEGIN = """
WITH first AS (
  SELECT id FROM review_dialogue WHERE dataset_id = %s AND places_taken = 0
  ORDER BY stage, queue_key, id LIMIT %s
), placed AS (
  INSERT INTO review_assignment (dialogue_id, reviewer_id, place, round, state, arm, purpose,
    claimed_at, ended_at, expires_at, active_seconds, shown, tried, unaided_text, draft,
    draft_rest, draft_revision, sent_back_note)
  SELECT id, %s, 0, 0, 'decided', 'plain', 'review', now(), now(), now(), 0, '{}', '[]', '', '',
    '{}', 0, '' FROM first
)
UPDATE review_dialogue SET places_taken = 1 WHERE id IN (SELECT id FROM first)
"""
DRAW = """
UPDATE review_dialogue SET drawn_place = id
WHERE stage = 'judged' AND places_taken = 0 AND mod(id, 21) = 0
"""


def execute(statement: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []


def scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "Relation Name" in plan:
        yield plan
    for inner in plan.get("Plans", []):
        yield from scans(inner)


def read(membership: Membership) -> int:
    """How many rows were looked at to find the next dialogue of a member."""
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        assert queue.next_waiting(membership) is not None
        return sum(looked_at(query["sql"]) for query in asked)


def looked_at(statement: str) -> int:
    """How many rows a statement on dialogues looks at, none of them without an index."""
    if "review_dialogue" not in statement:
        return 0
    count = 0
    told = execute("EXPLAIN (ANALYZE, FORMAT JSON) " + statement.replace("%", "%%"))
    for scan in scans(told[0][0][0]["Plan"]):
        assert scan["Node Type"] not in {"Seq Scan", "Bitmap Heap Scan"}, statement
        removed = scan.get("Rows Removed by Filter", 0)
        count += round((scan["Actual Rows"] + removed) * scan["Actual Loops"])
    return count


@pytest.mark.parametrize("analyzed", [True, False], ids=["analyzed", "no statistics"])
@pytest.mark.parametrize("needed", [1, 2])
def test_the_next_dialogue_is_found_by_reading_few(
    dataset: Dataset, alice: User, needed: int, analyzed: bool
) -> None:
    Dataset.objects.update(decisions_needed=needed)
    membership = Membership.objects.select_related("dataset").get(user=alice)
    for first, last in ((1, FEW), (FEW + 1, MANY)):
        execute(FILL, dataset.pk, first, last)
        execute(BEGIN, dataset.pk, (last - first) // 2, alice.pk)
        if analyzed:
            execute("ANALYZE review_dialogue, review_assignment")
        else:
            for table in ("review_dialogue", "review_assignment"):
                execute("SELECT pg_clear_relation_stats('public', %s)", table)
        for order in QueueOrder:
            Dataset.objects.update(queue_order=order)
            Dialogue.objects.update(queue_key=0)  # the trigger knows better
            # Which language is rare, only statistics tell.
            for languages in ([], ["ja"]) if analyzed else ([],):
                membership.languages = languages
                most = MOST_READ * (1 + len(languages))
                assert read(membership) <= most, (last, order, languages)


@pytest.mark.parametrize("analyzed", [True, False], ids=["analyzed", "no statistics"])
def test_what_was_drawn_is_found_by_its_index(
    dataset: Dataset, alice: User, analyzed: bool
) -> None:
    execute(FILL, dataset.pk, 1, MANY)
    execute(BEGIN, dataset.pk, FEW, alice.pk)
    execute(DRAW)
    if analyzed:
        execute("ANALYZE review_dialogue, review_assignment")
    else:
        for table in ("review_dialogue", "review_assignment"):
            execute("SELECT pg_clear_relation_stats('public', %s)", table)
    membership = Membership.objects.select_related("dataset").get(user=alice)
    for languages in ([], ["ja"]):
        membership.languages = languages
        waiting = next_of(membership)
        assert waiting is not None
        assert waiting.dialogue.drawn_place is not None
        assert read(membership) <= 20, languages


@pytest.mark.parametrize("order", QueueOrder)
def test_those_who_read_few_languages_get_theirs_in_the_datasets_order(
    dataset: Dataset, alice: User, order: QueueOrder
) -> None:
    Dataset.objects.update(queue_order=order)
    execute(FILL, dataset.pk, 1, 60)
    membership = Membership.objects.select_related("dataset").get(user=alice)
    membership.languages = ["ja", "de"]
    handed = []
    while (waiting := next_of(membership)) is not None:
        handed.append(waiting.dialogue)
        Dialogue.objects.filter(pk=waiting.dialogue.pk).update(places_taken=1)
    assert {dialogue.language for dialogue in handed} == {"ja", "de", ""}
    keys = [(dialogue.stage, dialogue.queue_key, dialogue.pk) for dialogue in handed]
    assert keys == sorted(keys)
    assert len(keys) == 45


def next_of(membership: Membership) -> queue.Waiting | None:
    with transaction.atomic():
        return queue.next_waiting(membership)
