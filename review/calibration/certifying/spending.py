"""What is left of the chance to err for a test, after the ones before it.

Who tests on new waves until one passes certifies chance: ten tests at 95% of what must not be
certified pass once in two series and a half. So a confidence is that of all tests so far of a
dataset under the same judges, rubric and rewriters: the chances to err add up (Bonferroni), and a
test is made with what the earlier ones left of the chance that is asked for. How it is spent is
set before each test, never by what people said since (alpha spending: Lan and DeMets, Discrete
Sequential Boundaries for Clinical Trials, 1983). The first test is made at the whole of it: 59
without a bad one certify 5% at 95%. Whoever may want to test again asks for more at first: 97.5%,
and then 95%.
"""

from collections.abc import Sequence

from review.amounts import counted
from review.calibration.conditions import Conditions
from review.models import Certificate, Dataset

# What is left but for rounding.
NOTHING = 1e-9


def earlier(dataset: Dataset, conditions: Conditions | None) -> list[float]:
    """The confidences that tests under these conditions were asked for with, whether they passed
    or not, the first one first."""
    rows = Certificate.objects.filter(
        dataset=dataset, conditions_hash=conditions.hash if conditions else None
    )
    return list(rows.order_by("number").values_list("confidence", flat=True))


def before(certificate: Certificate, among: Sequence[Certificate]) -> list[float]:
    """The same of the tests before a certificate's own, `among` having those of its dataset."""
    rows = [
        one
        for one in among
        if one.conditions_hash == certificate.conditions_hash and one.number < certificate.number
    ]
    return [one.confidence for one in sorted(rows, key=lambda one: one.number)]


def alone(confidence: float, tests: Sequence[float]) -> float | None:
    """The confidence of a test by itself with which it and those before are right together with
    `confidence`; None where these left nothing."""
    if not tests:
        return confidence
    left = min(tests) - confidence
    return 1 - left if left > NOTHING else None


def why_nothing_left(confidence: float, tests: Sequence[float]) -> str:
    was = "1 test was" if len(tests) == 1 else f"{len(tests)} tests were"
    return (
        f"Under these judges, rubric and rewriters {was} made already, at "
        f"{in_percent(min(tests))} together: that leaves nothing for another at "
        f"{in_percent(confidence)}, since who tests until one passes would be wrong more often. "
        "Ask for a lower confidence, which is that of all these tests together, or test once "
        "judges, rubric or rewriters have changed."
    )


def over_all(tests: Sequence[float]) -> str:
    """Of what tests a confidence is, where there are some before: the end of a sentence."""
    if not tests:
        return ""
    return f" over the {counted(len(tests) + 1, 'test')} so far under the same conditions"


def in_percent(share: float) -> str:
    return f"{100 * share:g}%"
