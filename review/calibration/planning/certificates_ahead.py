"""What a next certificate needs: how many accepted, and how many dialogues to draw for them.

How many dialogues a test may still use were drawn counts here, never what people said of them: who
saw few bad ones and then chose how many more to draw would certify too often. The bad share to
expect is from elsewhere: from the last test, whose decisions no other can use, and from places of
the blind arm, which no test uses. So a size that is read here can be drawn, decided and tested.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import Count, Q

from review.calibration.certifying import thresholds
from review.calibration.certifying.together import drawn_together, is_begun
from review.calibration.conditions import Conditions
from review.calibration.planning.grounds import FEWEST, Ground
from review.calibration.sampling import following
from review.models import Certificate, Dataset, Drawn, Wave, WaveKind

# As a test is offered: at most this share is bad, with this confidence.
SHARE, CONFIDENCE = 0.05, 0.95
BAD_ALLOWED = (0, 1, 2)
ASSUMED_BAD = (0.01, 0.02)
# Of all dialogues, those that score as high as the test begins, while nobody knows how many do.
ASSUMED_ABOVE = (1.0, 0.5, 0.25)
LIKELY = 0.8
# A test that allows more bad ones than this needs a thousand and more.
MOST_BAD = 40


@dataclass(frozen=True)
class Allowed:
    """`needed` dialogues at or above a score pass with at most `bad` bad ones; `draws` are so many
    of all that as many are expected among them where `ASSUMED_ABOVE` score so high; `chances` of
    passing where `ASSUMED_BAD` are truly bad."""

    bad: int
    needed: int
    draws: list[int]
    chances: list[float]


@dataclass(frozen=True)
class FromScore:
    """From this panel score on: which share of dialogues scores so high, how many are `drawn` for
    a next test, how many `more` to draw until it could pass without a bad one. Where the `bad`
    share is what is expected, `likely` dialogues pass in 80% of tests, for which `likely_more` are
    to be drawn; `words` say why none do."""

    score: float
    above: float
    drawn: int
    more: int
    bad: Ground
    likely: int | None
    likely_more: int | None
    words: str


@dataclass(frozen=True)
class CertificatesAhead:
    """`scores` once a wave has told how dialogues score."""

    share: float
    confidence: float
    assumed_above: list[float]
    assumed_bad: list[float]
    allowed: list[Allowed]
    scores: list[FromScore]


def certificates_ahead(dataset: Dataset, data: dict[str, Any] | None) -> CertificatesAhead:
    return CertificatesAhead(
        share=SHARE,
        confidence=CONFIDENCE,
        assumed_above=list(ASSUMED_ABOVE),
        assumed_bad=list(ASSUMED_BAD),
        allowed=[_allowed(bad) for bad in BAD_ALLOWED],
        scores=list(_from_scores(dataset, data)) if data else [],
    )


def needed(bad: int) -> int:
    return thresholds.needed(bad, SHARE, CONFIDENCE)


def chance(bad: int, n: int, bad_share: float) -> float:
    """Of at most so many bad ones among n."""
    from scipy.special import bdtr  # noqa: PLC0415  (slow to import)

    return float(bdtr(bad, n, bad_share))


@lru_cache(maxsize=256)
def likely_size(bad_share: float) -> int | None:
    """The fewest that pass in 80% of tests where so many are bad; None where no size that anybody
    would draw does."""
    if bad_share >= SHARE:
        return None
    sizes = ((needed(bad), bad) for bad in range(MOST_BAD + 1))
    return next((n for n, bad in sizes if chance(bad, n, bad_share) >= LIKELY), None)


def _allowed(bad: int) -> Allowed:
    n = needed(bad)
    return Allowed(
        bad=bad,
        needed=n,
        draws=[math.ceil(n / above) for above in ASSUMED_ABOVE],
        chances=[chance(bad, n, share) for share in ASSUMED_BAD],
    )


def _from_scores(dataset: Dataset, data: dict[str, Any]) -> Iterator[FromScore]:
    bins = data["from_waves"]["scores"]
    total = sum(one["dialogues"] for one in bins)
    lowest = min(thresholds.GRID)
    floors = sorted((one["low"] for one in bins if one["low"] >= lowest), reverse=True)
    waves = _for_next_test(dataset, data)
    drawn, begun = _drawn(waves, floors), _is_begun(waves, data)
    tested = _last_test(dataset, data) if total else {}
    for floor in floors if total else []:
        above = sum(one["dialogues"] for one in bins if one["low"] >= floor) / total
        # Where fewer of those that wait score so high than a test needs, there is nothing to plan.
        if above * total >= needed(0):
            bad = _bad(tested, data, floor)
            yield _from(floor, above, drawn[floor], begun, bad)


def _from(floor: float, above: float, drawn: int, begun: bool, bad: Ground) -> FromScore:
    likely = likely_size(bad.value or 0.0)
    return FromScore(
        score=floor,
        above=above,
        drawn=drawn,
        more=_more(needed(0), drawn, begun, above),
        bad=bad,
        likely=likely,
        likely_more=None if likely is None else _more(likely, drawn, begun, above),
        words="" if likely else "too many bad for a test to pass",
    )


def _more(wanted: int, drawn: int, begun: bool, above: float) -> int:
    """What must be drawn beside; all of it where people have begun to decide on what is drawn,
    which no test takes together with a later wave."""
    if drawn >= wanted:
        return 0
    return math.ceil((wanted if begun else wanted - drawn) / above)


def _for_next_test(dataset: Dataset, data: dict[str, Any]) -> list[Wave]:
    """The last waves that were drawn for a test that has not been made."""
    used = [wave["number"] for wave in data["waves"] if wave["used"] and not wave["narrowed"]]
    waves = Wave.objects.filter(
        dataset=dataset, number__in=used, kind=WaveKind.UNIFORM, certificate=None
    )
    together = drawn_together(waves.order_by("number"))
    return together[-1] if together else []


def _is_begun(waves: Sequence[Wave], data: dict[str, Any]) -> bool:
    """Whether anybody has decided on one of them: the report mostly knows, where many are drawn of
    which each would have to be looked at."""
    decided = {wave["number"] for wave in data["waves"] if wave["decided"]}
    if any(wave.number in decided for wave in waves):
        return True
    drawn = sum(wave.frame.get("drawn", 0) for wave in waves)
    return drawn <= following.MOST_FOLLOWED and is_begun(waves)


def _drawn(waves: Sequence[Wave], floors: Sequence[float]) -> dict[float, int]:
    """How many of each score and above are drawn."""
    counts = {
        f"from_{place}": Count("pk", filter=Q(score__gte=s)) for place, s in enumerate(floors)
    }
    found = Drawn.objects.filter(wave__in=waves).aggregate(**counts)
    return {floor: found[f"from_{place}"] for place, floor in enumerate(floors)}


def _last_test(dataset: Dataset, data: dict[str, Any]) -> dict[float, tuple[int, int]]:
    """By score how many were bad of how many, in the last test under the report's conditions."""
    if not data["conditions"]:
        return {}
    under = Conditions.from_json(data["conditions"]).hash
    last = Certificate.objects.filter(dataset=dataset, conditions_hash=under).first()
    return {step["score"]: (step["bad"], step["n"]) for step in last.steps} if last else {}


def _bad(tested: dict[float, tuple[int, int]], data: dict[str, Any], floor: float) -> Ground:
    if floor in tested:
        bad, n = tested[floor]
        return Ground(bad / n, True, f"{bad / n:.1%} in the last test")
    bins = [one for one in data["from_blind"]["scores"] if one["low"] >= floor and one["decided"]]
    decided = sum(one["decided"] for one in bins)
    if decided < FEWEST:
        return Ground(ASSUMED_BAD[0], False, f"{ASSUMED_BAD[0]:.0%}, assumed")
    good = math.fsum(one["decided"] * (one["accepted"]["value"] or 0.0) for one in bins)
    share = max(0.0, 1 - good / decided)
    return Ground(share, True, f"{share:.1%} at places of the blind arm")
