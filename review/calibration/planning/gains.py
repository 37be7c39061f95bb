"""Where the next hundred decisions help most: which interval they narrow, and by how much."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from review.calibration.estimating.prediction import FEWEST_DECIDED
from review.calibration.estimating.widths import half_width
from review.calibration.planning.grounds import helping
from review.calibration.report import LANGUAGE, REWRITER, SOURCE, TURNS
from review.calibration.slices import UNKNOWN
from review.languages import language_name

HUNDRED = 100
TOLD = 3
OVERALL = ""


@dataclass(frozen=True)
class Gain:
    """What `more` decided dialogues of a slice would bring. Half-widths, as shares: of its own
    interval `now` and `then`; and of the overall rate `overall_then`, were that estimated by
    strata of the same dimension. `best_share` is how many of a hundred of all would best go here
    for the overall rate. `words` say why there is no figure, or no more to decide."""

    dimension: str
    name: str
    dialogues: int
    decided: int
    more: int
    now: float | None
    then: float | None
    overall_then: float | None
    best_share: int | None
    words: str

    @property
    def gain(self) -> float:
        return 0.0 if self.now is None or self.then is None else self.now - self.then

    @property
    def lacks(self) -> int:
        """How many decisions give the first figure, where there is none and enough are there."""
        lacks = FEWEST_DECIDED - self.decided
        return lacks if self.now is None and lacks <= self.more else 0

    @property
    def is_too_small(self) -> bool:
        """Whether all that can still be decided give no figure."""
        return self.now is None and self.decided + self.more < FEWEST_DECIDED

    @property
    def brings(self) -> bool:
        """Whether more of it narrow an interval, or give a first figure."""
        return self.gain > 0 or self.lacks > 0

    @property
    def draw(self) -> str:
        """The address of such a wave, behind that of the form."""
        if not self.more:
            return ""
        whole = self.dimension == OVERALL
        narrow = {} if whole else {"narrow": f"{self.dimension}:{self.name}"}
        return urlencode({**narrow, "size": self.lacks or self.more})


@dataclass(frozen=True)
class Gains:
    """Ranked, those that narrow their interval most first; `sentences` tell of the first few
    parts, each with the address of its wave, `overall` of a hundred from all. `words` say why
    there are none."""

    lines: list[Gain]
    sentences: list[tuple[str, str]]
    overall: str
    words: str

    @property
    def told(self) -> list[Gain]:
        return [line for line in self.lines if not line.is_too_small]

    @property
    def too_small(self) -> list[Gain]:
        return [line for line in self.lines if line.is_too_small]


def gains(data: dict[str, Any] | None) -> Gains:
    """From the stored report: only waves are drawn by slices, so only their figures count."""
    basis = (data or {}).get("from_waves") or {}
    overall = basis.get("overall")
    if not overall:
        return Gains(
            [], [], "", "Where a hundred more help most shows once a first wave is decided."
        )
    whole = _alone(OVERALL, overall)
    lines = [whole]
    for dimension, slices in basis["slices"].items():
        lines.extend(_by_strata(dimension, slices))
    ranked = sorted(lines, key=_rank)
    told = [line for line in ranked if line.brings]
    return Gains(
        lines=ranked,
        sentences=[(sentence(line), line.draw) for line in told if line is not whole][:TOLD],
        overall=sentence(whole) if whole.brings else "",
        words="" if told else "All that waves were drawn from is decided: more brings nothing.",
    )


def _rank(line: Gain) -> tuple[float, bool, int]:
    """What narrows most, then the largest without a figure, then what is decided."""
    return -line.gain, not line.lacks, -line.dialogues


def sentence(line: Gain) -> str:
    """“A hundred more in German narrow its interval from ±11 to ±6.8 points.”"""
    where = _where(line.dimension, line.name)
    if line.lacks:
        return f"Dialogues {where} have {line.words}."
    narrow = "narrows" if line.more == 1 else "narrow"
    whose = "the overall" if line.dimension == OVERALL else "its"
    return (
        f"{_how_many(line.more)} {where} {narrow} {whose} interval "
        f"from ±{points(line.now)} to ±{points(line.then)} points."
    )


def points(share: float | None) -> str:
    """0.068 as “6.8”, 0.113 as “11”."""
    hundredths = 100 * (share or 0.0)
    return f"{hundredths:.0f}" if hundredths >= 9.95 else f"{hundredths:.1f}"


def _how_many(more: int) -> str:
    if more == HUNDRED:
        return "A hundred more"
    return "The one that is left" if more == 1 else f"The {more} that are left"


def _where(dimension: str, name: str) -> str:
    if dimension == OVERALL:
        return "of all dialogues"
    if name == UNKNOWN:
        return f"of unknown {dimension}"
    return {
        LANGUAGE: f"in {language_name(name)}",
        TURNS: f"with {name.replace('-', ' to ').replace('+', ' or more')} turns",
        SOURCE: f"from {name}",
        REWRITER: f"with a best rewrite by {name}",
    }[dimension]


def _alone(dimension: str, line: dict[str, Any]) -> Gain:
    """A line with what more of its own bring to it."""
    rate, dialogues = line["rate"], line["dialogues"]
    decided = rate["debiased"]["n"]
    more = max(0, min(HUNDRED, dialogues - decided))
    now = _half_width(rate["debiased"])
    narrower = 1.0 if now is None else _narrower(decided, more, dialogues, helping(rate))
    return Gain(
        dimension=dimension,
        name=line["name"],
        dialogues=dialogues,
        decided=decided,
        more=more,
        now=now,
        then=None if now is None else now * narrower,
        overall_then=None,
        best_share=None,
        words=_words(now, decided, more),
    )


def _half_width(figure: dict[str, Any]) -> float | None:
    return None if figure["low"] is None else float(figure["high"] - figure["low"]) / 2


def _narrower(decided: int, more: int, dialogues: int, correlation: float) -> float:
    """By which factor an interval narrows, its own variance kept: the rate drops out."""
    then = half_width(decided + more, max(dialogues, decided + more), 0.5, correlation)
    return then / half_width(decided, max(dialogues, decided), 0.5, correlation)


def _words(now: float | None, decided: int, more: int) -> str:
    if not more:
        return "all that it was drawn from are decided"
    if now is not None:
        return ""
    if decided + more < FEWEST_DECIDED:
        return f"no figure yet, and too few for one: it takes {FEWEST_DECIDED} decisions"
    further = f"{FEWEST_DECIDED - decided} {'more ' if decided else ''}"
    return f"no figure yet; {further}decisions give the first"


def _by_strata(dimension: str, slices: Sequence[dict[str, Any]]) -> Iterator[Gain]:
    """The slices of a dimension, with what more of each would do for the rate of all, were that
    estimated by strata: sum of (W_h)² variance_h, W_h a slice's share of the dialogues.

    A hundred is shared out one by one to where it takes most from that sum, which for W_h² s_h² /
    n_h is the allocation of Neyman (On the Two Different Aspects of the Representative Method,
    1934) beyond the decisions that there are (Wright, The Equivalence of Neyman Optimum Allocation
    for Sampling and Equal Proportions for Apportioning the U.S. House of Representatives, 2012).
    """
    lines = [_alone(dimension, line) for line in slices if line["dialogues"]]
    total = sum(line.dialogues for line in lines)
    if any(line.now is None for line in lines):
        yield from lines
        return
    weights = [line.dialogues / total for line in lines]
    parts = [(w * (line.now or 0.0)) ** 2 for w, line in zip(weights, lines, strict=True)]
    shares = _shared_out(parts, lines)
    for part, weight, share, line in zip(parts, weights, shares, lines, strict=True):
        after = sum(parts) - part + (weight * (line.then or 0.0)) ** 2
        yield replace(line, overall_then=math.sqrt(after), best_share=share)


def _shared_out(parts: Sequence[float], lines: Sequence[Gain]) -> list[int]:
    """Of a hundred, to each slice: where `parts` of the variance are at so many decided."""
    spread = [part * line.decided for part, line in zip(parts, lines, strict=True)]
    given = [0] * len(lines)
    for _ in range(HUNDRED):
        left = [place for place, line in enumerate(lines) if given[place] < line.more]
        if not left:
            break
        best = max(left, key=lambda place: _drop(spread[place], lines[place].decided, given[place]))
        given[best] += 1
    return given


def _drop(spread: float, decided: int, given: int) -> float:
    """What one more takes from a variance of spread / n."""
    n = decided + given
    return spread / n - spread / (n + 1)
