"""What a test for a certificate is made of: dialogues of waves that no test has used."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When

from review.calibration.certifying.thresholds import GRID, fixed_sequence
from review.calibration.certifying.together import drawn_together
from review.calibration.conditions import Conditions
from review.calibration.counting import counting
from review.models import Dataset, Decision, Drawn, Wave, WaveKind

HIGHEST = 5.0


def unused(dataset: Dataset, conditions: Conditions | None) -> QuerySet[Wave]:
    """What tests may still take, in the order in which it was asked for."""
    waves = Wave.objects.filter(
        dataset=dataset,
        kind=WaveKind.UNIFORM,
        narrowed={},
        drawn_at__isnull=False,
        failure="",
        certificate=None,
        conditions_hash=conditions.hash if conditions else None,
    )
    return waves.order_by("number")


def next_sample(
    dataset: Dataset, conditions: Conditions | None, share: float, confidence: float
) -> tuple[list[Wave], "Sample"]:
    """What a test takes: of the waves that were drawn together the first that could pass, else the
    last; none where there is none."""
    waves: list[Wave] = []
    sample = _sample(waves)
    for waves in drawn_together(unused(dataset, conditions)):
        sample = _sample(waves)
        if sample.could_pass(share, confidence):
            break
    return waves, sample


@dataclass(frozen=True)
class Sample:
    """All drawn dialogues: their panel scores, and which are bad or not decided. One that is gone
    from the record counts at every score, as bad."""

    scores: list[float]
    bad: list[bool]
    decided: int

    def could_pass(self, share: float, confidence: float) -> bool:
        """As far as scores tell; what people said is not looked at."""
        scores = np.array(self.scores)
        none_bad = np.zeros(len(scores), bool)
        return bool(fixed_sequence(scores, none_bad, GRID, share, confidence)[0])


def _sample(waves: Sequence[Wave]) -> Sample:
    good: dict[int, bool] = {}
    for dialogue, agrees in _said(waves):
        good[dialogue] = agrees and good.get(dialogue, True)
    rows = list(Drawn.objects.filter(wave__in=waves).values_list("dialogue_id", "score"))
    gone = max(0, sum(wave.frame.get("drawn", 0) for wave in waves) - len(rows))
    return Sample(
        scores=[*(score for _, score in rows), *[HIGHEST] * gone],
        bad=[*(not good.get(key, False) for key, _ in rows), *[True] * gone],
        decided=sum(key in good for key, _ in rows),
    )


def _said(waves: Sequence[Wave]) -> "QuerySet[Decision, tuple[int, bool]]":
    """Of the decisions that count: of which dialogue, and whether they accept what was the best
    when it was drawn."""
    top = F("dialogue__drawn__candidate")
    also = Decision.also.through.objects.filter(
        decision=OuterRef("pk"), candidate=OuterRef("dialogue__drawn__candidate")
    )
    said = counting().filter(dialogue__drawn__wave__in=waves)
    agrees = Case(When(Q(candidate=top) | Q(Exists(also)), then=Value(True)), default=Value(False))
    return said.annotate(agrees=agrees).order_by("pk").values_list("dialogue_id", "agrees")
