"""What a release's manifest says of how far its judges may be trusted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime

from review.amounts import counted
from review.calibration.certifying.listing import Counts, Listed, listed
from review.calibration.estimating.reckoning import reckon, summary
from review.calibration.report import WaveLine
from review.models import Certificate, CertificateEnd, Dataset, Wave

_ENDED = {
    CertificateEnd.CHANGED: "ended, since judges, rubric or rewriters changed",
    CertificateEnd.REVOKED: "was revoked",
    CertificateEnd.REPLACED: "was replaced by another",
    CertificateEnd.WITHDRAWN: "was withdrawn by an admin",
}


def calibration_of(dataset: Dataset, certified: Mapping[int, int]) -> dict[str, Any]:
    """The estimates with their intervals, the waves that they are from, and the certificates, of
    which `certified` counts by number the dialogues in the release that each approved."""
    report = reckon(dataset)
    lines = {line.number: line for line in report.waves}
    drawn = Wave.objects.filter(dataset=dataset, drawn_at__isnull=False)
    waves = drawn.select_related("certificate")
    return {
        **summary(report),
        "waves": [_wave(wave, lines[wave.number]) for wave in waves],
        "certificates": [
            _certificate(one, certified.get(one.certificate.number, 0))
            for one in reversed(listed(dataset))
        ],
    }


def _wave(wave: Wave, line: WaveLine) -> dict[str, Any]:
    """`missing` were drawn and have no decision that counts, of which `skipped` were seen."""
    return {
        "number": wave.number,
        "kind": wave.kind,
        "size": wave.size,
        "seed": wave.seed,
        "even_share": wave.even_share,
        "narrowed": wave.narrowed,
        "drawn_at": _moment(wave.drawn_at),
        "closed_at": _moment(wave.closed_at),
        "drawn_from": line.dialogues,
        "drawn": line.drawn,
        "lowest_probability": line.lowest_probability,
        "highest_probability": line.highest_probability,
        "decided": line.decided,
        "skipped": line.skipped,
        "missing": line.drawn - line.decided,
        "conditions": wave.conditions_hash,
        "certificate": wave.certificate.number if wave.certificate else None,
        "used": line.used,
        "words": line.words,
    }


def _certificate(one: Listed, in_release: int) -> dict[str, Any]:
    row, counts = one.certificate, one.counts
    return {
        "number": row.number,
        "made": _moment(row.created),
        "share": row.share,
        "confidence": row.confidence,
        "grid": row.grid,
        "steps": row.steps,
        "threshold": row.threshold,
        "conditions": row.conditions,
        "ended_at": _moment(row.ended_at),
        "end": row.end,
        "end_note": _why_ended(row),
        "accepted": counts.accepted,
        "put_back": counts.put_back,
        "one_decision": counts.one_decision,
        "to_audit": counts.audits,
        "audited": counts.audited,
        "bad": counts.bad,
        "in_release": in_release,
        "sentences": _sentences(one, in_release),
    }


def _why_ended(row: Certificate) -> str:
    """An admin who withdrew it is not named."""
    return "" if row.end == CertificateEnd.WITHDRAWN else row.end_note


def _sentences(one: Listed, in_release: int) -> list[str]:
    row = one.certificate
    if row.threshold is None:
        return [f"Test {row.number} ({_day(row.created)}) certified nothing: no score passed."]
    certifies = (
        f"Certificate {row.number} ({_day(row.created)}) certifies rewrites that the judges score "
        f"{row.threshold:.1f} or more: at most {_percent(row.share)} of them are bad, with "
        f"{_percent(row.confidence)} confidence{one.over_all}."
    )
    approved = f"It approved {counted(in_release, 'dialogue')} of this release."
    return [
        certifies,
        *_looked_at(one.counts),
        *([approved] if in_release else []),
        *_ending(row, in_release),
    ]


def _looked_at(counts: Counts) -> list[str]:
    if not counts.audits:
        return []
    return [
        f"{counted(counts.audits, 'dialogue')} that it covered went to people all the same: "
        f"{counts.audited:,} are decided, {counts.bad:,} of them bad."
    ]


def _ending(row: Certificate, in_release: int) -> list[str]:
    if row.ended_at is None:
        return []
    ended = (
        f"On {_day(row.ended_at)} it {_ENDED[CertificateEnd(row.end)]}. {_why_ended(row)}".strip()
    )
    if row.end == CertificateEnd.REVOKED and in_release:
        ended += (
            f" The release has {counted(in_release, 'dialogue')} that it had approved before; no "
            "person has looked at them: leave them out where they must be right (their "
            "`certificate` says `revoked`)."
        )
    return [ended]


def _percent(share: float) -> str:
    return f"{100 * share:g}%"


def _moment(when: datetime | None) -> str | None:
    return when.isoformat(timespec="seconds") if when else None


def _day(moment: datetime) -> str:
    return date_format(localtime(moment), "j M Y")
