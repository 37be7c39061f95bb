"""The panel's word on candidates, reckoned from single judgements: scores, passing, preference.

What is reckoned stands in plain columns, since it decides the order of review.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from review import bulk, rubrics
from review.locking import held
from review.models import Candidate, Comparison, Dataset, Dialogue, Judgement, Rubric

BATCH = 500
# The first number of PostgreSQL's advisory locks on reckoning, one lock per dataset.
RECKONING = 20_260_330
# By criterion all scores of one judge on one candidate: more than one where it was asked twice.
JudgeScores = dict[str, list[int]]


@dataclass(frozen=True)
class PanelWord:
    """What a panel says of a candidate. Scores run from 1 to 5.

    `score` is the mean of its judges, each the weighted mean of its criteria; `disagreement` the
    largest distance between two judges; `passes` whether the mean of each counted criterion
    reaches its pass mark.
    """

    score: float
    disagreement: float
    passes: bool


def panel_word(judges: Sequence[JudgeScores], rubric: Rubric) -> PanelWord | None:
    """None where no judge scored a criterion that counts."""
    weights = rubric.weights()
    overall = [mean for scores in judges if (mean := _weighted(scores, weights)) is not None]
    if not overall:
        return None
    return PanelWord(
        score=fmean(overall),
        disagreement=max(overall) - min(overall),
        passes=_passes(judges, rubric),
    )


def _weighted(scores: JudgeScores, weights: dict[str, float]) -> float | None:
    """A criterion that the rubric does not know (an imported one) counts as one of weight 1."""
    weighed = [(fmean(values), weights.get(key, 1.0)) for key, values in scores.items()]
    total = sum(weight for _, weight in weighed)
    return sum(mean * weight for mean, weight in weighed) / total if total else None


def _passes(judges: Sequence[JudgeScores], rubric: Rubric) -> bool:
    for part in rubric.parts:
        means = [fmean(scores[part.key]) for scores in judges if part.key in scores]
        if part.weight and means and fmean(means) < part.pass_mark:
            return False
    return True


def refresh_scores(dialogues: Iterable[Dialogue]) -> None:
    """Panel score, disagreement and passing of each candidate, and of each dialogue: its best
    candidate's score and its judges' largest disagreement. The dialogues are locked.

    Of a judge that was asked under several prompts or rubrics the last one counts.
    """
    by_key = {dialogue.pk: dialogue for dialogue in dialogues}
    in_force = {key: rubrics.current(Dataset(pk=key)) for key in _datasets(by_key.values())}
    scored = [
        _scored(candidate, panel_word(judges, in_force[by_key[candidate.dialogue_id].dataset_id]))
        for candidate, judges in _panels(by_key)
    ]
    bulk.update(scored, ["panel_score", "disagreement", "passes"])
    changed = [_score_dialogue(by_key[key], group) for key, group in _by_dialogue(scored).items()]
    bulk.update(changed, ["panel_score", "disagreement"])


def catch_up(dataset: Dataset) -> int:
    """Reckons the scores of a dataset by its rubric in force, unless somebody is at it."""
    with held(RECKONING, dataset.pk) as is_ours:
        if not is_ours:
            return 0
        rubric = rubrics.current(dataset)
        done = refresh_dataset(dataset)
        older = Rubric.objects.filter(dataset=dataset, version__lte=rubric.version, reckoned=None)
        older.update(reckoned=Now())
        return done


def refresh_dataset(dataset: Dataset) -> int:
    """Reckons all scores of a dataset anew, after its rubric changed; how many dialogues.

    Also where no panel score stands: under other weights nothing may have counted.
    """
    judged = Judgement.objects.filter(candidate__dialogue=OuterRef("pk"), score__isnull=False)
    scored = Dialogue.objects.filter(Exists(judged), dataset=dataset)
    done, last = 0, 0
    while keys := list(
        scored.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        _refresh_batch(keys)
        done, last = done + len(keys), keys[-1]
    return done


@transaction.atomic
def _refresh_batch(keys: Sequence[int]) -> None:
    refresh_scores(Dialogue.objects.select_for_update().filter(pk__in=keys).order_by("pk"))


def refresh_preferences(candidates: Iterable[int]) -> None:
    """The share of its comparisons that each candidate won; those without a word do not count."""
    keys = set(candidates)
    points: dict[int, list[float]] = {}
    rows = Comparison.objects.filter(Q(first__in=keys) | Q(second__in=keys), unscored_reason="")
    for first, second, winner in rows.values_list("first_id", "second_id", "winner_id"):
        for one in (first, second):
            points.setdefault(one, []).append(0.5 if winner is None else float(winner == one))
    preferred = [
        Candidate(pk=key, preference=fmean(points[key])) for key in sorted(keys & points.keys())
    ]
    bulk.update(preferred, ["preference"])


def _datasets(dialogues: Iterable[Dialogue]) -> set[int]:
    return {dialogue.dataset_id for dialogue in dialogues}


def _panels(dialogue_ids: Iterable[int]) -> Iterator[tuple[Candidate, list[JudgeScores]]]:
    """Each scored candidate with what each judge said last."""
    rows = (
        Judgement.objects.filter(candidate__dialogue__in=list(dialogue_ids), score__isnull=False)
        .order_by("candidate", "judge", "pk")
        .values("candidate__dialogue_id", "candidate_id", "judge", "prompt_hash", *_SCORE)
    )
    panels: dict[tuple[int, int], dict[str, list[dict[str, Any]]]] = {}
    for row in rows:
        key = (row["candidate__dialogue_id"], row["candidate_id"])
        panels.setdefault(key, {}).setdefault(row["judge"], []).append(row)
    for (dialogue_id, candidate_id), judges in panels.items():
        candidate = Candidate(pk=candidate_id, dialogue_id=dialogue_id)
        others = [said for said in judges.values() if not said[-1]["self_judged"]]
        # The same rule as `candidates.heard`, over rows that are no models: there are millions.
        yield candidate, [_last_said(said) for said in others or judges.values()]


_SCORE = ("criterion", "score", "self_judged")


def _last_said(rows: Sequence[dict[str, Any]]) -> JudgeScores:
    scores: JudgeScores = {}
    for row in rows:
        if row["prompt_hash"] == rows[-1]["prompt_hash"]:
            scores.setdefault(row["criterion"], []).append(row["score"])
    return scores


def _scored(candidate: Candidate, word: PanelWord | None) -> Candidate:
    candidate.panel_score = word.score if word else None
    candidate.disagreement = word.disagreement if word else None
    candidate.passes = word.passes if word else None
    return candidate


def _by_dialogue(candidates: Iterable[Candidate]) -> dict[int, list[Candidate]]:
    groups: dict[int, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(candidate.dialogue_id, []).append(candidate)
    return groups


def _score_dialogue(dialogue: Dialogue, scored: Sequence[Candidate]) -> Dialogue:
    scores = [candidate.panel_score for candidate in scored if candidate.panel_score is not None]
    apart = [candidate.disagreement or 0 for candidate in scored]
    dialogue.panel_score = max(scores, default=None)
    dialogue.disagreement = max(apart) if scores else None
    return dialogue
