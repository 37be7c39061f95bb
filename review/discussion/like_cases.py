"""How like cases were settled: dialogues whose final query shares its rarest words with this one's.

Measured by the words of the final query alone (`review_words`, with an index over what is settled):
a word counts the more the fewer settled dialogues have it. Each question is bounded, so that a
large dataset takes no longer than a small one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log, sqrt

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQueryField, SearchVectorField
from django.db import connection, models
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, Value
from django.db.models.functions import Cast

from review.models import Assignment, Decision, Dialogue, Membership, PlaceState, Stage
from review.models.dialogues import DialogueQuerySet
from review.practice.masking import without_controls
from review.visibility import sights
from review.wording.differences import Piece, differences

MOST_SHOWN = 5
# So many settled dialogues are counted for each word: a word in more of them tells little.
MOST_COUNTED = 300
RAREST_WORDS = 3
MOST_RANKED = 1000
MOST_WORDS = 40

VECTOR = Func(F("final_query"), function="review_words", output_field=SearchVectorField())
WORDS = Func(VECTOR, function="tsvector_to_array", output_field=ArrayField(models.TextField()))
# How many settled dialogues of the dataset have each word of a query, counted up to a bound. Of a
# word that the statistics of the index call common nothing is counted: its list there is long.
FREQUENCIES = r"""
WITH common AS (
  SELECT word FROM pg_stats
    JOIN pg_class ON pg_class.oid = 'dialogue_settled_words'::regclass,
    unnest(most_common_elems::text::text[], most_common_elem_freqs) AS known(word, share)
  WHERE schemaname = current_schema() AND tablename = 'dialogue_settled_words'
    AND word IS NOT NULL AND share * reltuples >= %(most)s
)
SELECT word, term, CASE WHEN word IN (SELECT word FROM common) THEN %(most)s ELSE (
  SELECT count(*) FROM (
    SELECT FROM review_dialogue
    WHERE stage IN ('approved', 'rejected') AND dataset_id = %(dataset)s
      AND review_words(final_query) @@ term::tsquery
    LIMIT %(most)s
  ) AS counted
) END
FROM unnest(tsvector_to_array(review_words(%(query)s))) AS word,
  LATERAL (
    SELECT '''' || replace(replace(word, E'\\', E'\\\\'), '''', '''''') || '''' AS term
  ) AS quoted
ORDER BY length(word) DESC LIMIT %(words)s
"""


@dataclass(frozen=True)
class Word:
    """A word of a query, as a term of a text search, and how many settled dialogues have it."""

    text: str
    term: str
    count: int


@dataclass(frozen=True)
class LikeCase:
    """A settled dialogue, and what became of it: differences of its approved rewrite, or why none
    was approved."""

    dialogue: Dialogue
    pieces: list[Piece]
    reason: str
    note: str


def like_cases(dialogue: Dialogue, membership: Membership) -> list[LikeCase]:
    """Up to `MOST_SHOWN` settled dialogues most like this one, for who may see its decisions.

    Not those that this person may yet have to decide on.
    """
    sight = sights([dialogue], membership)[dialogue.pk]
    if not (sight.decisions or sight.alone):
        return []
    frequencies = _frequencies(dialogue)
    weights = {word.text: log(2 + MOST_COUNTED / max(word.count, 1)) for word in frequencies}
    scores: dict[int, float] = {}
    for rows in _near(frequencies, dialogue):
        visible = _may_see(rows, membership).values_list("pk", WORDS)[:MOST_RANKED]
        scores |= {pk: _likeness(weights, words) for pk, words in visible}
        if len(scores) >= MOST_SHOWN:
            break
    like = [pk for pk, score in scores.items() if score]
    best = sorted(like, key=lambda pk: (-scores[pk], -pk))[:MOST_SHOWN]
    found = Dialogue.objects.select_related("approved_candidate", "dataset").in_bulk(best)
    return [_case(found[pk]) for pk in best]


def _frequencies(dialogue: Dialogue) -> list[Word]:
    asked: dict[str, str | int] = {
        "dataset": dialogue.dataset_id,
        "query": dialogue.final_query,
        "most": MOST_COUNTED,
        "words": MOST_WORDS,
    }
    with connection.cursor() as cursor:
        cursor.execute(FREQUENCIES, asked)
        return [Word(*row) for row in cursor.fetchall()]


def _near(frequencies: list[Word], dialogue: Dialogue) -> Iterator[DialogueQuerySet]:
    """Settled dialogues worth ranking: those with one of the rarest words; if they are too few the
    newest, for all with a common word would be too many."""
    settled = Dialogue.objects.filter(dataset=dialogue.dataset_id).exclude(pk=dialogue.pk)
    # A word that this dialogue alone has leads to no other.
    own = 1 if dialogue.is_settled() else 0
    known = sorted((w for w in frequencies if w.count > own), key=lambda word: word.count)
    rare = [word.term for word in known if word.count < MOST_COUNTED]
    if rare:
        query = Cast(Value(" | ".join(rare[:RAREST_WORDS])), SearchQueryField())
        has_one = Func(
            VECTOR,
            query,
            template="%(expressions)s",
            arg_joiner=" @@ ",
            output_field=BooleanField(),
        )
        yield settled.filter(has_one, stage__in=[Stage.APPROVED, Stage.REJECTED])
    newest = settled.filter(stage=Stage.APPROVED).order_by("-pk").values("pk")[:MOST_RANKED]
    yield settled.filter(pk__in=newest)


def _may_see(rows: DialogueQuerySet, membership: Membership) -> DialogueQuerySet:
    """Without those that this person has to decide on, or may be handed.

    A settled dialogue may be opened again until an adjudicator or a release has built on it, and
    serve as a control or in a quiz as long as the dataset has those: who has not decided on it must
    come to it without its outcome.
    """
    mine = Assignment.objects.filter(
        dialogue=OuterRef("pk"), round=OuterRef("round"), reviewer=membership.user_id
    )
    rows = without_controls(rows.exclude(Exists(mine.held())), membership)
    if membership.adjudicates():
        return rows
    decided = Q(Exists(mine.filter(state=PlaceState.DECIDED)))
    dataset = membership.dataset
    if dataset.control_rate or dataset.quiz_size:
        return rows.filter(decided)
    adjudicated = Decision.objects.filter(dialogue=OuterRef("pk"), round=OuterRef("round"))
    final = Q(released=True) | Q(Exists(adjudicated.filter(adjudication=True)))
    return rows.filter(decided | final)


def _likeness(weights: dict[str, float], words: list[str]) -> float:
    """The weight of the words shared, by the length of the other query."""
    return sum(weights.get(word, 0.0) for word in words) / sqrt(len(words) or 1)


def _case(dialogue: Dialogue) -> LikeCase:
    approved = dialogue.approved_candidate
    if approved is not None:
        return LikeCase(dialogue, differences(dialogue.final_query, approved.text), "", "")
    rejected = Decision.objects.standing().filter(dialogue=dialogue, round=dialogue.round)
    last = rejected.exclude(reason="").order_by("adjudication", "pk").last()
    return LikeCase(dialogue, [], last.reason if last else "", last.note if last else "")
