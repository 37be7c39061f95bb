"""What is kept of calibration, as workers left it, and its pages as a browser reads them."""

import re
from dataclasses import asdict
from typing import Any

from django.test import Client
from django.utils import timezone

from review.agreement.estimates import Estimate, undefined
from review.calibration.conditions import present
from review.calibration.draws import Moments
from review.calibration.report import (
    FORM,
    Alternative,
    Annotator,
    Basis,
    Bin,
    Line,
    PassRate,
    WaveLine,
    Week,
)
from review.calibration.sampling.frames import Frame, Part
from review.models import (
    CalibrationReport,
    Certificate,
    Dataset,
    Wave,
    WaveKind,
)

ADDRESS = "/datasets/coast/calibration/"
WAVES_API = "/api/v1/datasets/coast/waves/"
NEW_WAVE, PREVIEW = f"{ADDRESS}waves/new/", f"{ADDRESS}waves/preview/"
NEW_CERTIFICATE = f"{ADDRESS}certificates/new/"
HTMX = {"HX-Request": "true"}
NOBODY = undefined("nobody has decided on one yet")


def line(name: str, share: float, n: int = 200) -> Line:
    both = Estimate(share, share - 0.042, share + 0.042, n, n)
    rate = PassRate(
        debiased=both,
        people=Estimate(share + 0.01, share - 0.06, share + 0.08, n, n),
        judges=Estimate(0.71, 0.7, 0.72, 11_000, 11_000),
        tuning=0.8,
        correlation=0.62,
        worth=1.645 * n,
        missing=14,
        if_missing=(share - 0.1, share + 0.1),
    )
    return Line(name, 11_000, rate, Estimate(0.81, 0.75, 0.87, n, n), Estimate(0.45, n=n))


def unknown(name: str) -> Line:
    rate = PassRate(NOBODY, NOBODY, Estimate(0.5, n=3), None, None, None, 3, None)
    return Line(name, 3, rate, undefined("one label alone"), undefined("one label alone"))


def alternative(*annotators: Annotator, words: str = "") -> Alternative:
    known = bool(annotators)
    return Alternative(
        0.15, list(annotators), 0.5 if known else None, 0.8 if known else None, known or None, words
    )


def basis(overall: Line | None, **more: Any) -> Basis:
    values: dict[str, Any] = {
        "of": "dialogues that waited with a score",
        "words": "",
        "left_out": [],
        "criteria": [],
        "slices": {},
        "scores": [],
        "weeks": [],
        "drift": "",
        "alternative": alternative(words="There are two reviewers; the test takes three."),
    }
    return Basis(overall=overall, **{**values, **more})


def figures(waves: list[WaveLine] | None = None) -> dict[str, Any]:
    """A stored report with every kind of figure from waves, and none from blind places."""
    from_waves = basis(
        line("all", 0.612),
        left_out=["Wave 1 does not count: the judge critic has another prompt."],
        criteria=[line("correct", 0.66)],
        slices={"language": [line("de", 0.52), unknown("zh")], "turns": [line("3-4", 0.6)]},
        scores=[
            Bin(4, 4.5, 500, 40, Estimate(0.8, 0.65, 0.9, 40, 40)),
            Bin(4.5, 5, 300, 0, NOBODY),
        ],
        weeks=[
            Week("2026-11-09", 30, Estimate(0.6, 0.4, 0.8, 30, 30), Estimate(0.1, 0, 0.2, 30, 30)),
            Week("2026-11-16", 40, Estimate(0.7, 0.5, 0.9, 40, 40), Estimate(0.2, 0.1, 0.3, 40)),
        ],
        alternative=alternative(
            Annotator("erin", 40, 0.8, 0.82, 0.01, True, ""),
            Annotator("alice", 12, 0.7, 0.8, None, False, "fewer than thirty dialogues"),
        ),
    )
    from_blind = basis(None, words="Only 4 places are decided: an interval takes 30.")
    return {
        "form": FORM,
        "conditions": {},
        "waves": [asdict(wave) for wave in waves or []],
        "from_waves": asdict(from_waves),
        "from_blind": asdict(from_blind),
    }


def keep(dataset: Dataset, data: dict[str, Any], **more: Any) -> CalibrationReport:
    values = {"computed": timezone.now(), "seconds": 1.0, **more}
    return CalibrationReport.objects.create(dataset=dataset, data=data, **values)


def read(browser: Client, address: str = ADDRESS, **more: Any) -> str:
    response = browser.get(address, **more)
    assert response.status_code == 200
    page = response.content.decode()
    assert "style=" not in page
    assert not re.search(r"\bnan\b", page, re.IGNORECASE)
    return page


def made(dataset: Dataset, number: int = 1, **more: Any) -> Wave:
    """A wave as a worker left it, without what it drew."""
    frame = Frame(Part(Moments(6, 3, 2), 3), {}, {}, [0] * 16, {}, 4, 4, 0.6, 0.6)
    values = {
        "kind": WaveKind.UNIFORM,
        "size": 4,
        "seed": "s",
        "drawn_at": timezone.now(),
        "frame": frame.as_json(),
        "conditions": conditions(dataset),
        **more,
    }
    return Wave.objects.create(dataset=dataset, number=number, **values)


def conditions(dataset: Dataset) -> dict[str, Any]:
    now = present(dataset)
    return now.as_json() if now else {"judges": [], "rubric": {}, "rewriters": []}


def certificate(dataset: Dataset, number: int = 1, **more: Any) -> Certificate:
    step = {"score": 4.8, "n": 61, "bad": 0, "bound": 0.048, "passed": True}
    values = {
        "share": 0.05,
        "confidence": 0.95,
        "threshold": 4.8,
        "grid": [5.0, 4.8],
        "steps": [step],
        "conditions": conditions(dataset),
        **more,
    }
    return Certificate.objects.create(dataset=dataset, number=number, **values)
