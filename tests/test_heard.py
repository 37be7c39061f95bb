"""Which judges are heard on a candidate is the same whether a page asks row by row, or a wave the
database for very many at once."""

import random
from collections.abc import Callable
from statistics import fmean

import pytest

from review import rubrics, scoring
from review.calibration.conditions import Judged, panels_of
from review.calibration.sampling.frames import Rows, tops_by_criterion
from review.models import Candidate, Dataset, Dialogue, Judgement, Stage
from review.models.candidates import heard

pytestmark = pytest.mark.django_db
DIALOGUES = 40


@pytest.fixture
def dialogues(make_dialogue: Callable[..., Dialogue]) -> list[Dialogue]:
    """Judged by up to three judges under up to two prompts, in both orders or one, some of them of
    the family that wrote the candidate, and some without a score."""
    draw = random.Random(8)  # noqa: S311 - the same every time
    found = [make_dialogue(f"d-{n}", stage=Stage.PROPOSED) for n in range(DIALOGUES)]
    rows = Candidate.objects.filter(dialogue__in=found).order_by("pk")
    Judgement.objects.bulk_create(one for row in rows for one in _judgements(row, draw))
    scoring.refresh_scores(found)
    return found


def _judgements(candidate: Candidate, draw: random.Random) -> list[Judgement]:
    asked = [(f"judge-{n}", prompt) for n in range(3) for prompt in ("first", "second")]
    own = {judge: draw.random() < 0.3 for judge, _ in asked}
    return [
        Judgement(
            candidate=candidate,
            judge=judge,
            criterion=criterion,
            prompt_hash=prompt,
            family=judge,
            self_judged=own[judge],
            reversed=turn,
            **_said(draw),
        )
        for judge, prompt in draw.sample(asked, draw.randint(1, len(asked)))
        for turn in (False, True)[: draw.randint(1, 2)]
        for criterion in ("correctness", "clarity")
    ]


def _said(draw: random.Random) -> dict[str, object]:
    if draw.random() < 0.1:
        return {"score": None, "unscored_reason": "It did not say."}
    return {"score": draw.randint(1, 5)}


def _heard_on(candidate: Candidate) -> list[Judgement]:
    return [row for row in heard(candidate.judgements.order_by("pk")) if row.score is not None]


def test_conditions_name_the_judges_that_a_page_shows(dialogues: list[Dialogue]) -> None:
    panels = panels_of([dialogue.pk for dialogue in dialogues])
    assert len(panels) == DIALOGUES
    for panel in panels.values():
        rows = _heard_on(Candidate.objects.get(pk=panel.candidate))
        shown = {Judged(row.judge, row.model, row.prompt_hash, row.family) for row in rows}
        assert panel.judges == shown


def test_the_best_by_a_criterion_is_by_the_judges_that_a_page_shows(
    dialogues: list[Dialogue], dataset: Dataset
) -> None:
    keys = [dialogue.pk for dialogue in dialogues]
    tops = tops_by_criterion(Rows(keys=keys), set(keys), rubrics.current(dataset).pass_marks())
    for dialogue in dialogues:
        means = [_means(_heard_on(row)) for row in dialogue.candidates.all()]
        best = {key: max(one.get(key, 0) for one in means) for one in means for key in one}
        found = {key: mean for key, (_, mean) in tops.wanted[dialogue.pk].items()}
        assert found == pytest.approx(best)


def _means(rows: list[Judgement]) -> dict[str, float]:
    """The panel's mean on each criterion, of each judge's own."""
    by_judge: dict[str, dict[str, list[int]]] = {}
    for row in rows:
        by_judge.setdefault(row.criterion, {}).setdefault(row.judge, []).append(row.score or 0)
    return {key: fmean(map(fmean, said.values())) for key, said in by_judge.items()}
