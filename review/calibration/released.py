"""What a release's manifest says of how far its judges may be trusted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localtime

from review.calibration.estimating.reckoning import reckon, summary
from review.calibration.report import WaveLine
from review.models import Certificate, CertifiedAs, Dataset, Wave
from review.models.calibration import CertificateEnd
from review.templatetags.numbers import counted

_ENDED = {
    CertificateEnd.CHANGED: "ended, since judges, rubric or rewriters changed",
    CertificateEnd.REVOKED: "was revoked",
    CertificateEnd.REPLACED: "was replaced by another",
    CertificateEnd.WITHDRAWN: "was withdrawn by an admin",
}
_LOOKED_AT = Q(dialogues__good__isnull=False)


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
            _certificate(row, certified.get(row.number, 0)) for row in _counted(dataset)
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


def _counted(dataset: Dataset) -> QuerySet[Certificate]:
    """Certificates in their order, with what became of the dialogues that they covered."""
    audited = Q(dialogues__used_as=CertifiedAs.AUDIT)
    put_back = Q(dialogues__put_back_at__isnull=False)
    return (
        Certificate.objects.filter(dataset=dataset)
        .order_by("number")
        .annotate(
            accepted=Count("dialogues", Q(dialogues__used_as=CertifiedAs.ACCEPTED)),
            put_back=Count("dialogues", put_back),
            one_decision=Count("dialogues", Q(dialogues__used_as=CertifiedAs.ONE_DECISION)),
            to_audit=Count("dialogues", audited),
            audited=Count("dialogues", audited & _LOOKED_AT),
            bad=Count("dialogues", audited & Q(dialogues__good=False)),
        )
    )


def _certificate(row: Any, in_release: int) -> dict[str, Any]:
    """A row of `_counted`, with its sentences."""
    told = {
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
        "accepted": row.accepted,
        "put_back": row.put_back,
        "one_decision": row.one_decision,
        "to_audit": row.to_audit,
        "audited": row.audited,
        "bad": row.bad,
        "in_release": in_release,
    }
    return {**told, "sentences": _sentences(row, in_release)}


def _why_ended(row: Any) -> str:
    """An admin who withdrew it is not named."""
    return "" if row.end == CertificateEnd.WITHDRAWN else row.end_note


def _sentences(row: Any, in_release: int) -> list[str]:
    if row.threshold is None:
        return [f"Test {row.number} ({_day(row.created)}) certified nothing: no score passed."]
    certifies = (
        f"Certificate {row.number} ({_day(row.created)}) certifies rewrites that the judges score "
        f"{row.threshold:.2f} or more: at most {_percent(row.share)} of them are bad, with "
        f"{_percent(row.confidence)} confidence."
    )
    return [certifies, *_looked_at(row), *_rests_on_it(row, in_release), *_ending(row, in_release)]


def _looked_at(row: Any) -> list[str]:
    if not row.to_audit:
        return []
    return [
        f"{counted(row.to_audit, 'dialogue')} that it covered went to people all the same: "
        f"{row.audited:,} are decided, {row.bad:,} of them bad."
    ]


def _rests_on_it(row: Any, in_release: int) -> list[str]:
    return [f"It approved {counted(in_release, 'dialogue')} of this release."] if in_release else []


def _ending(row: Any, in_release: int) -> list[str]:
    if not row.end:
        return []
    ended = " ".join(
        filter(None, [f"On {_day(row.ended_at)} it {_ENDED[row.end]}.", _why_ended(row)])
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
