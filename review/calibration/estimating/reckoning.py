"""All figures on how far a dataset's judges may be trusted, from what was drawn and decided."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from review.agreement.estimates import Estimate, Flags, Floats, share, undefined, wilson
from review.calibration.conditions import Conditions, present
from review.calibration.estimating import drifting, telling
from review.calibration.estimating.alternative import alternative
from review.calibration.estimating.from_blind import FromBlind, read_blind
from review.calibration.estimating.from_waves import FromWaves, read_waves
from review.calibration.estimating.prediction import FEWEST_DECIDED, pass_rate
from review.calibration.estimating.record import WHOLE, Record, Subsample
from review.calibration.report import Alternative, Basis, Bin, Line, Report, WaveLine
from review.calibration.sampling.frames import BIN_EDGES
from review.calibration.slices import DIMENSIONS, in_order
from review.models import Arm, Dataset

# A dimension may have very many values: lines are of those with most dialogues.
MOST_LINES = 24
OF_WAVES = "dialogues that were scored and waited for a first reviewer when waves were drawn"
OF_BLIND = "dialogues that reviewers decided while some places were blind by lot"
ALL = "all"


def reckon(dataset: Dataset) -> Report:
    now = present(dataset)
    return reckoned(dataset, now, read_waves(dataset, now), read_blind(dataset, now))


def reckoned(
    dataset: Dataset, now: Conditions | None, waves: FromWaves, blind: FromBlind
) -> Report:
    return Report(
        conditions=now.as_json() if now else {},
        waves=waves.lines,
        from_waves=_basis(OF_WAVES, waves.record, waves.left_out, _why_no_wave(now, waves.lines)),
        from_blind=_basis(OF_BLIND, blind.record, blind.left_out, _why_not_blind(dataset, now)),
    )


def summary(report: Report) -> dict[str, Any]:
    """What a release says of its judges, without naming any reviewer."""
    data = report.as_json()
    return {
        "conditions": data["conditions"],
        "from_waves": _without_names(data["from_waves"]),
        "from_blind": _without_names(data["from_blind"]),
    }


def _without_names(basis: dict[str, Any]) -> dict[str, Any]:
    test = basis["alternative"]
    tested = sum(one["p_value"] is not None for one in test["annotators"])
    kept = {name: value for name, value in test.items() if name != "annotators"}
    return {**basis, "alternative": {**kept, "reviewers": tested}}


def _why_no_wave(now: Conditions | None, lines: Sequence[WaveLine]) -> str:
    if now is None:
        return "No dialogue is scored yet: run judges first."
    if not lines:
        return "Nothing is drawn yet: draw a wave."
    if any(line.used for line in lines):
        return ""
    if any(line.narrowed and line.drawn for line in lines):
        return "Only waves of single parts count: draw one from the whole dataset."
    last = lines[-1]
    return f"No wave counts. Of the last one, wave {last.number}: {last.words}"


def _why_not_blind(dataset: Dataset, now: Conditions | None) -> str:
    if now is None:
        return "No dialogue is scored yet: run judges first."
    if not dataset.arms.get(Arm.BLIND):
        return "The policy makes no place blind."
    return ""


def _basis(of: str, record: Record, left_out: list[str], words: str) -> Basis:
    everywhere = record.everywhere()
    said = record.said(everywhere)
    return Basis(
        of=of,
        words=_why_no_interval(record, everywhere, words),
        left_out=left_out,
        overall=_line(ALL, record, everywhere, WHOLE, None),
        criteria=[
            line
            for name in record.criteria()
            if (line := _line(name, record, everywhere, name, None)) is not None
        ],
        slices={dimension: list(_slices(record, dimension)) for dimension in DIMENSIONS},
        scores=_bins(record, everywhere),
        weeks=drifting.weeks(said),
        drift=drifting.drift(said),
        alternative=_alternative(record, everywhere),
    )


def _why_no_interval(record: Record, everywhere: Flags, words: str) -> str:
    decided = int((~np.isnan(record.accepted(WHOLE)[everywhere])).sum())
    if decided >= FEWEST_DECIDED:
        return ""
    if words:
        return words
    drawn = int(everywhere.sum())
    return f"It takes {FEWEST_DECIDED} decided dialogues; of {drawn:,} drawn {decided} are decided."


def _slices(record: Record, dimension: str) -> Iterator[Line]:
    """Those of which something is drawn."""
    names, many = np.unique(record.slices[dimension], return_counts=True)
    most = names[np.argsort(-many, kind="stable")[:MOST_LINES]].tolist()
    for name in in_order(dimension, most):
        line = _line(name, record, record.within(dimension, name), WHOLE, (dimension, name))
        if line is not None:
            yield line


def _line(
    name: str, record: Record, chosen: Flags, criterion: str, slice_of: tuple[str, str] | None
) -> Line | None:
    """None where nothing was drawn."""
    drawn = record.subsamples(criterion, slice_of)
    weighing = [one for one in drawn if one.draw.weighs]
    if not weighing:
        return None
    tops = record.tops[criterion]
    accepted = record.accepted(criterion)
    decided = chosen & ~np.isnan(accepted)
    marked = decided & ~np.isnan(tops.passes)
    return Line(
        name=name,
        dialogues=max(one.part.word.n for one in weighing),
        rate=pass_rate([one.draw for one in drawn], _judges(weighing)),
        auc=telling.auc(tops.said[decided], accepted[decided], record.weight[decided]),
        kappa=telling.kappa(tops.passes[marked], accepted[marked], record.weight[marked]),
    )


def _judges(drawn: Sequence[Subsample]) -> Estimate:
    """The share that passes of what was drawn from; of several draws by how many each drew."""
    sizes = np.array([len(one.draw.probability) for one in drawn], np.float64)
    passing = np.array([one.part.passing / one.part.word.n for one in drawn])
    value = float(np.average(passing, weights=sizes))
    n = max(one.part.word.n for one in drawn)
    return Estimate(value, *wilson(value, n), n, n)


def _bins(record: Record, everywhere: Flags) -> list[Bin]:
    """The scores of what was drawn from, and what people accept of each range. Of several frames,
    which mostly share their dialogues, the last that was drawn from as a whole."""
    whole = [sample for sample in record.samples if not sample.narrowed]
    counts = whole[-1].frame.bins if whole else []
    accepted = record.accepted(WHOLE)
    decided = everywhere & ~np.isnan(accepted)
    place = np.clip(np.digitize(record.score, BIN_EDGES) - 1, 0, len(BIN_EDGES) - 2)
    return [
        _bin(number, dialogues, accepted, record.weight, decided & (place == number))
        for number, dialogues in enumerate(counts)
    ]


def _bin(number: int, dialogues: int, accepted: Floats, weight: Floats, mine: Flags) -> Bin:
    decided = int(mine.sum())
    return Bin(
        low=float(BIN_EDGES[number]),
        high=float(BIN_EDGES[number + 1]),
        dialogues=dialogues,
        decided=decided,
        accepted=share(accepted[mine], np.arange(decided), weight[mine])
        if decided
        else undefined("nobody has decided one yet"),
    )


def _alternative(record: Record, everywhere: Flags) -> Alternative:
    """Against each reviewer's word on the panel's best; the panel's is whether that passes."""
    tops = record.tops[WHOLE]
    words = record.words
    several = np.bincount(words.dialogue, minlength=len(record.sample)) > 1
    compared = np.flatnonzero(everywhere & several)
    number = np.cumsum(everywhere & several) - 1
    mine = (everywhere & several)[words.dialogue]
    table = np.full((len(compared), len(record.reviewers)), np.nan)
    accepting = words.accept(tops.candidate)
    table[number[words.dialogue[mine]], words.reviewer[mine]] = accepting[mine]
    return alternative(record.reviewers, table, tops.passes[compared])
