"""How far judges may be trusted: figures, waves, certificates. For adjudicators and admins."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from generation.pages.calibration import drawing, wording
from generation.pages.calibration.drawing import Whisker
from generation.pages.calibration.planning import planned
from generation.pages.calibration.standing import Standing, audits_of, rows_of, standing
from review.calibration.estimating.prediction import FEWEST_DECIDED
from review.calibration.estimating.stored import CALIBRATION
from review.calibration.report import TURNS
from review.models import Dataset, Membership
from review.pages import strips
from review.pages.people import SignedIn, administered
from review.pages.reports import report_page
from review.permissions import check_can_see_calibration, dataset_for
from review.report_tasks import compute_calibration
from review.reports import MOST_NEWER, Known

WAVES, BLIND = "waves", "blind"


@require_safe
def calibration(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = overseen(request, slug)
    # In this order: what is drawn in between makes the page ask again.
    now = standing(dataset)
    known = CALIBRATION.known(dataset)
    context = partial(_context, request, dataset, membership, known, now)
    return report_page(request, "generation/calibration.html", _awaited(known, now), context)


@require_POST
def compute(request: SignedIn, slug: str) -> HttpResponse:
    dataset, _ = administered(request, slug)
    CALIBRATION.ask(dataset=dataset, by=request.user)
    compute_calibration.delay_on_commit(dataset.pk)
    return redirect("calibration", slug=slug)


def overseen(request: SignedIn, slug: str) -> tuple[Dataset, Membership]:
    dataset, membership = dataset_for(request.user, slug)
    check_can_see_calibration(request.user, dataset)
    return dataset, membership


def _awaited(known: Known, now: Standing) -> str:
    """What the page waits for, in one word: it is drawn anew when any of it has come."""
    drawing = [f"wave{wave.number}" for wave in now.drawing()]
    back = [f"back{one.certificate.number}" for one in now.putting_back()]
    return "-".join(["report"] * known.awaited + drawing + back)


def _context(
    request: HttpRequest, dataset: Dataset, membership: Membership, known: Known, now: Standing
) -> dict[str, Any]:
    basis = _basis_name(request)
    return {
        "dataset": dataset,
        "membership": membership,
        "known": known,
        "data": known.data,
        "most_newer": MOST_NEWER,
        "waves": rows_of(now.waves, known.data),
        "basis_name": basis,
        **_certified(now),
        **planned(request, dataset, known.data),
        **(_drawn(known.data, basis, now) if known.data else {}),
    }


def _certified(now: Standing) -> dict[str, Any]:
    """The certificate in force, or else the last test, with its steps; all others are past."""
    shown = now.in_force or next(iter(now.listed), None)
    certificate = shown and shown.certificate
    return {
        "listed": now.listed,
        "in_force": now.in_force,
        "past": [one for one in now.listed if one is not now.in_force],
        "shown": certificate,
        "tested": certificate and drawing.steps(certificate.steps, certificate.share),
        **(audits_of(now.in_force) if now.in_force and now.in_force.counts.covered else {}),
    }


def _basis_name(request: HttpRequest) -> str:
    return BLIND if request.GET.get("basis") == BLIND else WAVES


@dataclass(frozen=True)
class Choice:
    """The other decisions that figures can be from, and the address that shows these."""

    words: str
    url: str
    current: bool


@dataclass(frozen=True)
class Rate:
    """A row of the headline: a share with its name, the main one drawn as such."""

    name: str
    words: str
    figure: strips.Figure
    whisker: Whisker | None
    main: bool = False


@dataclass(frozen=True)
class Group:
    """Lines of one dimension, `by` its name; of all together it has no title. `few` have too few
    decisions for an estimate, `few_words` tell of them."""

    by: str
    title: str
    words: str
    lines: list[dict[str, Any]]
    few: list[dict[str, Any]]

    @property
    def few_words(self) -> str:
        return wording.too_few(self.by, len(self.few), len(self.lines))


def _drawn(data: dict[str, Any], name: str, now: Standing) -> dict[str, Any]:
    basis = data[f"from_{name}"]
    overall = basis["overall"]
    threshold = now.in_force.certificate.threshold if now.in_force else None
    groups = list(_groups(basis))
    return {
        "basis": basis,
        "basis_words": wording.BASES[name].lower().removeprefix("from "),
        "bases": list(_choices(name)),
        "overall": overall,
        "rate": overall and overall["rate"],
        "rates": list(_rates(overall["rate"])) if overall else [],
        "quarters": drawing.QUARTERS,
        "tried": any(one["dialogues"] for one in basis["alternative"]["annotators"]),
        "has_decisions": bool(overall) and overall["rate"]["people"]["n"] > 0,
        "has_figures": bool(overall) and overall["rate"]["debiased"]["value"] is not None,
        "groups": groups,
        "unsaid": list(dict.fromkeys(_unsaid(groups))),
        "scale": strips.SHARE,
        "scores": drawing.distribution(basis["scores"], threshold),
        "score_ticks": drawing.SCORES,
        "heights": drawing.HEIGHTS,
        "drift": drawing.drift(basis["weeks"]),
    }


def _choices(now: str) -> Iterator[Choice]:
    for name, words in wording.BASES.items():
        yield Choice(words, f"?{urlencode({'basis': name})}", name == now)


def _rates(rate: dict[str, Any]) -> Iterator[Rate]:
    both = drawing.whisker(rate["debiased"], rate["if_missing"] if rate["missing"] else None)
    yield Rate("People, with the judges' help", "the estimate", rate["debiased"], both, main=True)
    people, judges = rate["people"], rate["judges"]
    yield Rate("People alone", "of those decided", people, drawing.whisker(people))
    yield Rate("Judges alone", "what passes by their marks", judges, drawing.whisker(judges))


def _groups(basis: dict[str, Any]) -> Iterator[Group]:
    yield Group("", "", "", [basis["overall"]] if basis["overall"] else [], [])
    parts = {wording.CRITERION: basis["criteria"], **basis["slices"]}
    for by, (title, words) in wording.GROUPS.items():
        if parts.get(by):
            lines = _most_first(by, parts[by])
            few = [line for line in lines if _is_few(line)]
            yield Group(by, title, words, [line for line in lines if line not in few], few)


def _most_first(by: str, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those with most decisions first, where their own order says nothing to a reader."""
    if by in {wording.CRITERION, TURNS}:
        return lines
    return sorted(lines, key=_decided, reverse=True)


def _is_few(line: dict[str, Any]) -> bool:
    return line["rate"]["debiased"]["value"] is None and _decided(line) < FEWEST_DECIDED


def _decided(line: dict[str, Any]) -> int:
    return int(line["rate"]["debiased"]["n"])


def _unsaid(groups: list[Group]) -> Iterator[str]:
    """Why figures of the table are missing, or lack an interval, each with its part."""
    for group in groups:
        for line in group.lines:
            name = wording.part_name(group.by, line["name"])
            told = {
                "Judges pass": line["rate"]["judges"],
                "Kappa": line["kappa"],
                "AUC": line["auc"],
            }
            for measure, figure in told.items():
                if figure["words"]:
                    yield f"{measure}, {name}: {figure['words']}."
