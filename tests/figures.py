"""What an estimate says, where a test needs it to say so."""

from review.agreement.estimates import Estimate


def value(estimate: Estimate) -> float:
    assert estimate.value is not None, estimate.words
    return estimate.value


def wide(estimate: Estimate) -> float:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.high - estimate.low
