"""Certificates: from which panel score on a dataset may do without a person, tested once.

A test takes uniform waves over the whole dataset that were drawn under the present judges, rubric
and rewriters and that no test has used, and uses them up whether it passes or not: so a new
certificate is always of new data. Of several it takes those that were drawn before anybody had
decided on them (`together`), the first ones that could pass. What was drawn and is not decided
counts as bad, and what is gone since. A test that cannot pass whatever people said is not made, and
uses nothing up. A confidence is that of all tests so far under the same conditions (`spending`).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from django.db import transaction
from django.db.models import Max

from review.calibration.certifying import spending
from review.calibration.certifying.samples import Sample, next_sample
from review.calibration.certifying.thresholds import GRID, Step, fixed_sequence, needed, why_nothing
from review.calibration.conditions import Conditions, present
from review.errors import Conflict, Invalid, Missing
from review.models import (
    Certificate,
    CertificateEnd,
    Dataset,
    User,
    Wave,
)
from review.permissions import check_can_administer

SHARE, CONFIDENCE = 0.05, 0.95
SHARES, CONFIDENCES = (0.001, 0.5), (0.5, 0.999)


@dataclass(frozen=True)
class Preview:
    """What a test would be made of, which says nothing of how it would come out.

    `needed` are decided dialogues, at or above some score, that pass without a bad one, after the
    tests before; `words` say why no test can be made yet.
    """

    share: float
    confidence: float
    waves: list[int]
    drawn: int
    decided: int
    missing: int
    needed: int
    words: str


def preview(*, dataset: Dataset, share: float, confidence: float) -> Preview:
    """Raises `Invalid` for numbers that are no share or confidence."""
    _check(share, confidence)
    conditions = present(dataset)
    tests = spending.earlier(dataset, conditions)
    alone = spending.alone(confidence, tests)
    waves, sample = next_sample(dataset, conditions, share, alone or confidence)
    return Preview(
        share=share,
        confidence=confidence,
        waves=[wave.number for wave in waves],
        drawn=len(sample.scores),
        decided=sample.decided,
        missing=len(sample.scores) - sample.decided,
        needed=needed(0, share, alone or confidence),
        words=_why_not(conditions, waves, sample, share, alone)
        if alone
        else spending.why_nothing_left(confidence, tests),
    )


@transaction.atomic
def test(*, dataset: Dataset, share: float, confidence: float, by: User | None) -> Certificate:
    """Makes a test, and a certificate of what came of it: in force where some score passed, and
    then in the place of the one before.

    `by` must administer the dataset; None where the operator of the machine tests. Raises
    `Invalid`, and `Conflict` where no test can be made.
    """
    if by is not None:
        check_can_administer(by, dataset)
    _check(share, confidence)
    # One test at a time, or two would use the same waves.
    dataset = Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
    conditions = present(dataset)
    tests = spending.earlier(dataset, conditions)
    alone = spending.alone(confidence, tests)
    if alone is None:
        raise Conflict(spending.why_nothing_left(confidence, tests))
    waves, sample = next_sample(dataset, conditions, share, alone)
    if words := _why_not(conditions, waves, sample, share, alone):
        raise Conflict(words)
    assert conditions is not None  # noqa: S101 - without any there is a reason against the test
    steps, threshold = fixed_sequence(
        np.array(sample.scores), np.array(sample.bad), GRID, share, alone
    )
    certificate = _written(dataset, conditions, steps, threshold, share, confidence, by)
    Wave.objects.filter(pk__in=[wave.pk for wave in waves]).update(certificate=certificate)
    return certificate


def _written(
    dataset: Dataset,
    conditions: Conditions,
    steps: Sequence[Step],
    threshold: float | None,
    share: float,
    confidence: float,
    by: User | None,
) -> Certificate:
    number = (dataset.certificates.aggregate(last=Max("number"))["last"] or 0) + 1
    if threshold is not None:
        note = f"Certificate {number} took its place."
        Certificate.objects.filter(dataset=dataset).end(CertificateEnd.REPLACED, note, by)
    return Certificate.objects.create(
        dataset=dataset,
        number=number,
        by=by,
        share=share,
        confidence=confidence,
        grid=list(GRID),
        steps=[asdict(step) for step in steps],
        threshold=threshold,
        conditions=conditions.as_json(),
        conditions_hash=conditions.hash,
    )


def withdraw(*, certificate: Certificate, by: User) -> None:
    """Ends a certificate; the caller sends the task that lets go what waits under it."""
    check_can_administer(by, certificate.dataset)
    rows = Certificate.objects.filter(pk=certificate.pk)
    if not rows.end(CertificateEnd.WITHDRAWN, f"Withdrawn by {by.username}.", by):
        raise Conflict(f"Certificate {certificate.number} is not in force any more.")


def certificate_of(dataset: Dataset, number: int) -> Certificate:
    found = dataset.certificates.filter(number=number).select_related("dataset").first()
    if found is None:
        raise Missing(
            f"There is no certificate {number} of {dataset.slug}. See the list of certificates."
        )
    return found


def in_force(dataset: Dataset) -> Certificate | None:
    return Certificate.objects.filter(dataset=dataset).in_force().first()


def in_words(certificate: Certificate, among: Sequence[Certificate] | None = None) -> str:
    """What a certificate says, in a sentence; where nothing passed, what it would have taken.
    `among` has the certificates of its dataset, where they are at hand."""
    if among is None:
        among = list(Certificate.objects.filter(dataset=certificate.dataset_id))
    tests = spending.before(certificate, among)
    if certificate.threshold is None:
        steps = [Step(**step) for step in certificate.steps]
        drawn = sum(wave.frame.get("drawn", 0) for wave in certificate.waves.all())
        alone = spending.alone(certificate.confidence, tests) or certificate.confidence
        return why_nothing(steps, drawn, certificate.share, alone)
    return (
        f"At a panel score of {certificate.threshold:.1f} or above at most "
        f"{spending.in_percent(certificate.share)} of the rewrites are bad, with "
        f"{spending.in_percent(certificate.confidence)} confidence{spending.over_all(tests)}."
    )


def _check(share: float, confidence: float) -> None:
    for field, value, (least, most) in (
        ("share", share, SHARES),
        ("confidence", confidence, CONFIDENCES),
    ):
        if not least <= value <= most:
            raise Invalid(f"Give a {field} from {100 * least:g}% to {100 * most:g}%.", field=field)


def _why_not(
    conditions: Conditions | None,
    waves: Sequence[Wave],
    sample: Sample,
    share: float,
    confidence: float,
) -> str:
    """Why a test cannot be made, or could not pass whatever people said; empty where it can."""
    if conditions is None:
        return "No scored dialogue waits: there is nothing that a certificate would be of."
    if not waves:
        return (
            "No wave is left to test on: it takes a uniform one over the whole dataset, drawn "
            "under the present judges, rubric and rewriters and used by no test. Draw one."
        )
    if not sample.could_pass(share, confidence):
        return why_nothing([], len(sample.scores), share, confidence)
    enough = needed(0, share, confidence)
    if sample.decided < enough:
        return (
            f"{sample.decided} of the {len(sample.scores)} drawn dialogues are decided, and a test "
            f"takes {enough} at least. Decide more of them first: it is made once."
        )
    return ""
