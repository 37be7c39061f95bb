"""How far a release's judges may be trusted: the estimates, the waves behind them, certificates."""

from typing import Any

from review.amounts import counted
from review.calibration.estimating.prediction import FEWEST_DECIDED
from review.calibration.report import LANGUAGE
from review.cards.words import figure, listed, percent, plain, section, table
from review.languages import language_name
from review.templatetags.figures import written

TITLE = "How far the judges may be trusted"
_BASES = {
    "from_waves": "From waves, drawn by known probabilities",
    "from_blind": "From places where the scores were hidden by lot",
}
_SLICES = {
    "language": "Language",
    "turns": "Turns",
    "source": "Source",
    "rewriter": "Rewriter",
}


def section_of(manifest: dict[str, Any]) -> str:
    found = manifest.get("calibration")
    if found is None:
        return section(TITLE, "Not kept: the release was made before manifests told it.")
    return section(
        TITLE,
        "What is estimated is the share of dialogues whose best candidate by the judges' score "
        "people would accept unedited. People decided without seeing a score. The estimate takes "
        "people's word where there is one and the judges' everywhere else, corrected by how far "
        "they were off (prediction-powered inference: arXiv 2311.01453, weighted by 1 / "
        "probability: 2403.03208). All intervals are 95%.",
        *(block for name in _BASES for block in _basis(_BASES[name], found[name])),
        *_waves(found["waves"]),
        *_certificates(found["certificates"]),
    )


def _basis(title: str, basis: dict[str, Any]) -> list[str]:
    line = basis["overall"]
    if line is None:
        return [
            f"### {title}",
            f"No estimate: {_sentence(basis['words'] or 'nobody has decided yet')}",
        ]
    return [
        f"### {title}",
        f"Of {plain(basis['of'])}.",
        *([_sentence(basis["words"])] if basis["words"] else []),
        _rates(line),
        listed(_worth(line)),
        *_parts("Criterion", basis["criteria"]),
        *(
            block
            for name, label in _SLICES.items()
            for block in _parts(label, basis["slices"].get(name, []))
        ),
        *([_sentence(basis["drift"])] if basis["drift"] else []),
        _alternative(basis["alternative"]),
        *([listed([_sentence(words) for words in basis["left_out"]])] if basis["left_out"] else []),
    ]


def _rates(line: dict[str, Any]) -> str:
    rate = line["rate"]
    rows = [
        ["People and judges together", figure(rate["debiased"])],
        ["People alone, as drawn", figure(rate["people"])],
        ["Judges alone, by the marks", figure(rate["judges"])],
        ["Score tells accepted from others (AUC)", figure(line["auc"], "number")],
        ["Passing agrees with people beyond chance (kappa)", figure(line["kappa"], "number")],
    ]
    return table(["Figure", "Value"], rows)


def _worth(line: dict[str, Any]) -> list[str]:
    rate = line["rate"]
    n = rate["debiased"]["n"]
    said = [f"It is of {counted(line['dialogues'], 'dialogue')}; people decided on {n:,}."]
    if rate["worth"] is not None:
        said.append(
            f"With the judges' word {counted(n, 'decision')} count as {rate['worth']:,.0f} "
            f"(lambda {_number(rate['tuning'])}, correlation {_number(rate['correlation'])})."
        )
    if rate["missing"]:
        said.append(_missing(rate))
    return said


def _missing(rate: dict[str, Any]) -> str:
    said = f"{counted(rate['missing'], 'dialogue')} drawn and not decided"
    if rate["if_missing"] is None:
        return f"{said}."
    low, high = rate["if_missing"]
    reach = f"{written(low, 'rate')} to {written(high, 'rate')}%"
    return f"{said}: had people accepted none or all of them, the interval would reach {reach}."


def _number(value: float | None) -> str:
    return "not defined" if value is None else written(value, "number")


def _parts(label: str, lines: list[dict[str, Any]]) -> list[str]:
    if not lines:
        return []
    if all(one["rate"]["debiased"]["value"] is None for one in lines):
        return [f"By {label.lower()}: no part has decisions enough for an estimate."]
    few = [one for one in lines if _is_few(one)]
    rows = [
        [
            plain(one["name"]) or "unknown",
            figure(one["rate"]["debiased"]),
            figure(one["rate"]["judges"]),
            f"{one['rate']['debiased']['n']:,}",
        ]
        for one in lines
        if one not in few
    ]
    found = [table([label, "Together", "Judges alone", "Decided"], rows, figures=1)]
    return [*found, _too_few(few)] if few else found


def _is_few(line: dict[str, Any]) -> bool:
    debiased = line["rate"]["debiased"]
    return debiased["value"] is None and debiased["n"] < FEWEST_DECIDED


def _too_few(lines: list[dict[str, Any]]) -> str:
    """Those that have no estimate, with how many were decided, in a sentence instead of a row."""
    each = [f"{plain(one['name']) or 'unknown'} {one['rate']['debiased']['n']:,}" for one in lines]
    return f"Too few decided for an estimate: {', '.join(each)}."


def _alternative(found: dict[str, Any]) -> str:
    rate = found["winning_rate"]
    if rate is None:
        return f"Alternative annotator test (arXiv 2501.10970): {_sentence(found['words'])}"
    passes = "passes" if found["passes"] else "does not pass"
    return (
        f"Alternative annotator test (arXiv 2501.10970): the panel {passes}. It may stand in for "
        f"{percent(round(rate, 3))} of the reviewers (epsilon {found['epsilon']:g}; on average it "
        f"is as good a colleague in {_share(found['advantage'])} of the cases)."
    )


def _share(value: float | None) -> str:
    return "an unknown share" if value is None else f"{written(value, 'rate')}%"


def _waves(waves: list[dict[str, Any]]) -> list[str]:
    if not waves:
        return ["### Waves", "No wave was drawn."]
    rows = [
        [
            str(wave["number"]),
            _kind(wave),
            f"{wave['drawn']:,} of {wave['drawn_from']:,}",
            _probabilities(wave),
            f"{wave['decided']:,}",
            f"{wave['skipped']:,}",
            f"{wave['missing']:,}",
            "yes" if wave["used"] else plain(wave["words"]) or "no",
        ]
        for wave in waves
    ]
    heads = ["Wave", "Kind", "Drawn", "Probability", "Decided", "Skipped", "Missing", "Counts"]
    return [
        "### Waves",
        "Each dialogue's probability is in its line. Missing were drawn and have no decision that "
        "counts, those that were skipped among them.",
        table(heads, rows),
    ]


def _kind(wave: dict[str, Any]) -> str:
    parts = [
        language_name(value) if name == LANGUAGE else f"{name} {value}"
        for name, value in wave["narrowed"].items()
    ]
    return plain(f"{wave['kind']}, {', '.join(parts)} alone" if parts else wave["kind"])


def _probabilities(wave: dict[str, Any]) -> str:
    low, high = wave["lowest_probability"], wave["highest_probability"]
    if low is None or high is None:
        return "none drawn"
    return f"{low:.4f}" if low == high else f"{low:.4f} to {high:.4f}"


def _certificates(found: list[dict[str, Any]]) -> list[str]:
    if not found:
        return ["### Certificates", "No score was certified: people decided on every rewrite."]
    blocks = ["### Certificates"]
    for one in found:
        blocks.append(listed([_sentence(sentence) for sentence in one["sentences"]]))
        blocks.extend(_steps(one))
    return blocks


def _steps(one: dict[str, Any]) -> list[str]:
    rows = [
        [
            f"{step['score']:.1f}",
            f"{step['n']:,}",
            f"{step['bad']:,}",
            f"{100 * step['bound']:.2f}%",
            "yes" if step["passed"] else "no",
        ]
        for step in one["steps"]
    ]
    if not rows:
        return []
    confidence = percent(one["confidence"])
    heads = ["Score from", "Drawn", "Bad", f"At most bad ({confidence})", "Passed"]
    return [table(heads, rows, figures=4)]


def _sentence(words: str) -> str:
    words = plain(words)
    return words if words.endswith((".", "?", ":")) else f"{words}."
