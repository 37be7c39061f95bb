"""What it changes to use certificates otherwise, in sentences."""

from review.amounts import counted
from review.calibration.certifying import applying
from review.calibration.certifying.certificates import in_force
from review.calibration.certifying.putting_back import approved_by
from review.models import Certificate, CertifiedUse, Dataset


def certified_use_changed(dataset: Dataset, use: str) -> str:
    certificate = in_force(dataset)
    if certificate is None:
        return "" if use == CertifiedUse.NOTHING else _later(use)
    said = [_no_longer(dataset, certificate)]
    if use != CertifiedUse.NOTHING:
        said.append(_from_now_on(dataset, certificate, use))
    return " ".join(filter(None, said))


def _later(use: str) -> str:
    what = "approved without a person" if use == CertifiedUse.ACCEPT else "left to one decision"
    return f"No certificate is in force: nothing is {what} before a test passes, and then at once."


def _from_now_on(dataset: Dataset, certificate: Certificate, use: str) -> str:
    count = applying.may_cover(certificate)
    number, score = certificate.number, f"{certificate.threshold:.1f}"
    some = f"Up to {counted(count, 'dialogue')}" if count else "No dialogue"
    wait = "that waits" if count == 1 else "that wait"
    among = f"{some} {wait}" if count else some
    if use == CertifiedUse.ACCEPT:
        verb = "is" if count <= 1 else "are"
        return (
            f"{among} {verb} approved now without a person, by certificate {number}: those with a "
            f"panel score of {score} or above, and later ones once they are scored. One in twenty "
            "goes to people all the same."
        )
    if dataset.decisions_needed == 1:
        return "Every dialogue takes one decision already: that changes nothing before it is more."
    verb = "takes" if count <= 1 else "take"
    return (
        f"{among} {verb} one decision in place of {dataset.decisions_needed}, by certificate "
        f"{number}: those with a panel score of {score} or above, where the reviewer accepts the "
        "best as it stands. One in twenty takes all of them."
    )


def _no_longer(dataset: Dataset, certificate: Certificate) -> str:
    if dataset.certified_use == CertifiedUse.ACCEPT:
        count = approved_by(certificate).count()
        stay = "stays" if count == 1 else "stay"
        kept = f" {counted(count, 'dialogue')} approved so {stay} approved." if count else ""
        return f"Nothing more is approved without a person.{kept}"
    if dataset.certified_use == CertifiedUse.ONE_DECISION and dataset.decisions_needed > 1:
        return f"What waits for one decision takes {dataset.decisions_needed} again."
    return ""
