"""What the page of calibration says of figures, parts and waves."""

from collections.abc import Sequence
from typing import Any

from review.calibration.estimating.prediction import FEWEST_DECIDED
from review.calibration.report import LANGUAGE, REWRITER, SOURCE, TURNS
from review.calibration.slices import UNKNOWN
from review.languages import language_name

CRITERION = "criterion"
GROUPS = {
    CRITERION: ("By criterion", "the best on each criterion alone"),
    REWRITER: ("By rewriter", "dialogues whose top candidate it wrote"),
    LANGUAGE: ("By language", ""),
    TURNS: ("By number of turns", ""),
    SOURCE: ("By source", ""),
}
# What a line of each is, as many are told of together.
KINDS = {
    CRITERION: ("criterion", "criteria"),
    REWRITER: ("rewriter", "rewriters"),
    LANGUAGE: ("language", "languages"),
    TURNS: ("length", "lengths"),
    SOURCE: ("source", "sources"),
}
BASES = {"waves": "From waves", "blind": "From blind places"}
# Below this the judges bring nothing that a person would notice.
NOTICED = 1.005


def part_name(by: str, name: str) -> str:
    if by in GROUPS and name in {"", UNKNOWN}:
        return "Not known"
    if by == LANGUAGE:
        return language_name(name)
    if by == TURNS:
        return f"{name} turns".replace("-", " to ").replace("9+", "9 or more")
    if by == CRITERION:
        return name.replace("-", " ").capitalize()
    if by == "":
        return "All together"
    return name


def too_few(by: str, lines: int, beside: int) -> str:
    """“23 more languages with fewer than 30 decisions”, beside those that have a figure."""
    one, many = KINDS[by]
    more = "more " if beside else ""
    kind = one if lines == 1 else many
    return f"{lines} {more}{kind} with fewer than {FEWEST_DECIDED} decisions"


def narrowed(to: dict[str, str]) -> str:
    return ", ".join(f"{by} {part_name(by, name)}" for by, name in to.items())


def worth(worth: float, decisions: int) -> str:
    """“200 decisions count as 329.”"""
    counted = "decision counts" if decisions == 1 else "decisions count"
    return f"{decisions:,} {counted} as {worth:,.0f}."


def worth_why(rate: dict[str, Any]) -> str:
    """What the judges' scores add to people's decisions."""
    n, words = rate["debiased"]["n"], rate["debiased"]["words"]
    if words:
        return f"{words[0].upper()}{words[1:]}."
    if rate["worth"] < NOTICED * n:
        return "The judges' scores say too little of what people accept to add to that."
    more = round(rate["worth"] - n)
    together = "" if rate["correlation"] is None else f" (correlation {rate['correlation']:.2f})"
    return (
        f"The judges' scores are worth {more:,} more: they rise with what people accept{together}."
    )


def probabilities(lowest: float, highest: float) -> str:
    """To two digits; one where all are alike."""
    ends = [_percent(end) for end in (lowest, highest)]
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def _percent(share: float) -> str:
    percent = 100 * share
    return f"{percent:.2g}%" if percent < 10 else f"{percent:.0f}%"


def waves(numbers: Sequence[int]) -> str:
    """“wave 2”, “waves 1, 2 and 4”."""
    if not numbers:
        return "waves that are gone"
    *others, last = map(str, sorted(numbers))
    return f"waves {', '.join(others)} and {last}" if others else f"wave {last}"


def conditions(found: dict[str, Any]) -> str:
    """Judges and rewriters by name, and that the rubric is part of it."""
    judges = sorted({judge["judge"] for judge in found["judges"]})
    rewriters = sorted({one["author"] for one in found["rewriters"]})
    return f"{_named('judge', judges)}, the rubric of then and {_named('rewriter', rewriters)}"


def _named(noun: str, names: Sequence[str]) -> str:
    return f"{noun if len(names) == 1 else noun + 's'} {' and '.join(names)}"
