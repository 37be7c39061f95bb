"""A benchmark's report of numbers that look like those of a run, for tests of what shows it."""

import random
from collections.abc import Sequence

from generation.benchmark import figures
from generation.benchmark import report as r
from generation.benchmark.reading import CURVE_AT

FORMS = {
    "final-query": r.FormLine("final-query", "final-query"),
    "last-turns": r.FormLine("last-turns", "last-turns"),
    "history": r.FormLine("history", "history"),
    "best-gpt-x": r.FormLine("best-gpt-x", "best", source="gpt-x"),
    "best-offline": r.FormLine("best-offline", "best", source="offline"),
    "rewrite": r.FormLine("rewrite", "rewrite"),
    "human": r.FormLine("human", "human", missing=12),
    "fusion": r.FormLine("fusion", "fusion"),
    "my-model": r.FormLine("my-model", "file", source="my-model", unknown=3),
    "my-model-2": r.FormLine("my-model-2", "file", source="my-model-2"),
    "my-model-3": r.FormLine("my-model-3", "file", source="my-model-3"),
    "my-model-4": r.FormLine("my-model-4", "file", source="my-model-4"),
    "caption": r.FormLine("caption", "caption", bound="upper"),
    "random": r.FormLine("random", "random", bound="lower"),
}
BASE = {"final-query": 0.31, "history": 0.42, "last-turns": 0.37, "rewrite": 0.64, "human": 0.6}
BOUNDS = {"caption": 0.97, "random": 0.01}
LABELS = figures.CHANGES
K = CURVE_AT
USUAL = ("final-query", "history", "rewrite", "caption", "random")


def made(
    retrievers: Sequence[str] = ("bm25", "clip"),
    forms: Sequence[str] = USUAL,
    dialogues: int = 1000,
    extremes: Sequence[r.Extreme] = (),
    clusters: int = 812,
) -> r.Report:
    """A report of `retrievers` by `forms` on R@10, seeded."""
    chance = random.Random(7)  # noqa: S311
    at10 = {
        name: {form: _at10(form, place, chance) for form in forms}
        for place, name in enumerate(retrievers)
    }
    return r.Report(
        corpus=r.CorpusLine(version=3, images=10_000),
        dialogues=dialogues,
        metric="R@10",
        leaves_out=True,
        seed="seed-1",
        cells=len(retrievers) * len(forms) * dialogues,
        read=0,
        retrievers=[
            r.RetrieverLine(
                name,
                "bm25" if name == "bm25" else "clip",
                "1",
                f"{place:x}" * 64,
                chosen=["rewrite"] if place == 0 and "rewrite" in forms else [],
                chosen_share={"rewrite": 0.18} if place == 0 and "rewrite" in forms else {},
            )
            for place, name in enumerate(retrievers)
        ],
        forms=[FORMS[name] for name in forms],
        scores={
            name: {form: _cell(value, dialogues) for form, value in row.items()}
            for name, row in at10.items()
        },
        comparisons=[
            _comparison(name, form, value, row["final-query"], dialogues)
            for name, row in at10.items()
            for form, value in row.items()
            if form not in {"final-query", *BOUNDS}
        ],
        curves=r.Curves(
            K,
            {
                name: {form: [_recall(value, k) for k in K] for form, value in row.items()}
                for name, row in at10.items()
            },
        ),
        changes=r.Changes(
            LABELS,
            {
                name: {
                    form: _spread(value - row["final-query"], dialogues)
                    for form, value in row.items()
                    if form not in {"final-query", *BOUNDS}
                }
                for name, row in at10.items()
            },
        ),
        slices=[
            r.Slice(by, value, count, _gains(at10, chance, count))
            for by, value, count in [
                ("turns", "1 to 3", 310),
                ("turns", "4 to 6", 420),
                ("turns", "7 or more", 8),
                ("language", "English", 900),
                ("language", "German", 100),
                ("verdict", "accepted", 610),
                ("verdict", "edited", 390),
                ("stratum", "shortcut", 300),
                ("stratum", "history-required", 520),
                ("stratum", "unresolved", 180),
            ]
        ],
        extremes={
            name: r.Extremes(
                [one for one in extremes if one.gain > 0],
                [one for one in extremes if one.gain < 0],
            )
            for name in retrievers
        },
        clusters=r.ClusterLine(clusters, 9, clusters < 30),
        power=[
            r.Power(name, "rewrite", "R@10", dialogues, clusters, 0.041, 0.47, 1.2, False)
            for name in retrievers
        ],
        gaps=[
            r.Gap("unranked", "clip", "", "Image “pier” has no file.", 14, ["d-1", "d-2"]),
            r.Gap("no-text", "", "human", "No human rewrite came with it.", 12),
        ],
        deceiving=r.Deceiving(
            approved=dialogues,
            checked=dialogues - 26,
            unranked=14,
            awaiting=20,
            without_target=6,
            traits={"leak": 130, "shortcut": 310, "history-required": 500, "unresolved": 136},
            leak={
                "retriever": "bm25",
                "n": dialogues - 40,
                "leaking": 130,
                "unranked": 14,
                "unlooked": 20,
                "rr": {"gain": 0.21, "left": 0.17, "share": 0.19, "ci95": [0.12, 0.25]},
                "recall": {"gain": 0.33, "left": 0.28, "share": 0.15, "ci95": [0.1, 0.2]},
            },
        ),
    )


def _at10(form: str, place: int, chance: random.Random) -> float:
    if form in BOUNDS:
        return BOUNDS[form]
    usual = BASE.get(form, 0.5 + 0.15 * chance.random())
    return min(usual + 0.03 * place * chance.random(), 0.95)


def _recall(at10: float, k: int) -> float:
    return min(1.0, at10 * (k / 10) ** 0.25) if k < 10 else 1 - (1 - at10) * (10 / k) ** 0.3


def _cell(at10: float, dialogues: int) -> r.Cell:
    rates = {metric: _recall(at10, int(metric[2:])) for metric in r.RECALLS}
    rates |= {"MRR@10": at10 * 0.55, "MRR": at10 * 0.57, "nDCG@10": at10 * 0.66}
    metrics = {**rates, "AP@10": at10 * 0.5, "mean_rank": 40 / at10, "median_rank": 2.5 / at10}
    ends = {metric: [max(value - 0.03, 0), value + 0.03] for metric, value in rates.items()}
    return r.Cell(
        n=dialogues - 14,
        unranked=14,
        metrics=metrics,
        ci95=ends,
        cut=0.021,
        graded=r.Graded(240, at10 * 0.7, at10 * 0.66, 0.61),
        of_all={metric: value * (1 - 14 / dialogues) for metric, value in rates.items()},
    )


def _comparison(name: str, form: str, value: float, before: float, dialogues: int) -> r.Comparison:
    change = value - before
    return r.Comparison(
        retriever=name,
        form=form,
        against="final-query",
        metric="R@10",
        n=dialogues - 14,
        value=value,
        value_against=before,
        difference=change,
        ci95=[change - 0.035, change + 0.036],
        standardised=change / 0.47,
        p=0.0001 if abs(change) > 0.05 else 0.21,
        p_holm=0.0009 if abs(change) > 0.05 else 0.42,
        significant=abs(change) > 0.05,
        wins=int(dialogues * 0.5),
        ties=int(dialogues * 0.3),
        losses=int(dialogues * 0.2),
        chosen=name == "bm25" and form == "rewrite",
    )


def _spread(gain: float, dialogues: int) -> list[int]:
    better = 0.3 + gain
    worse, up = [0.01, 0.02, 0.04, 0.09], [better * part for part in (0.3, 0.4, 0.2, 0.1)]
    shares = [*worse, 0.84 - better, *up]
    return [round(share * dialogues) for share in shares]


def _gains(
    at10: dict[str, dict[str, float]], chance: random.Random, count: int
) -> dict[str, dict[str, r.Gain]]:
    found: dict[str, dict[str, r.Gain]] = {}
    for name, row in at10.items():
        for form in set(row) - {"final-query", *BOUNDS}:
            change = row[form] - row["final-query"] + 0.2 * (chance.random() - 0.5)
            ends = None if count < 10 else [change - 2 / count**0.5, change + 2 / count**0.5]
            before = row["final-query"]
            found.setdefault(name, {})[form] = r.Gain(count, before + change, before, change, ends)
    return found
