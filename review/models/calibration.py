"""Dialogues drawn by known probabilities, and what their decisions certify of the judges."""

import math
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from review.models.candidates import Candidate
from review.models.datasets import Dataset
from review.models.dialogues import Dialogue
from review.models.reports import StoredReport
from review.models.users import User

# A score that is 4.3 but for rounding is one.
ROUNDING = 1e-9


class WaveKind(models.TextChoices):
    UNIFORM = "uniform"
    INFORMATIVE = "informative"  # rather those on which judges or ranks differ


class CertificateQuerySet(models.QuerySet["Certificate"]):
    def in_force(self) -> Self:
        """Those that certify something and have not ended; a dataset has one at most."""
        return self.filter(ended_at=None, threshold__isnull=False)

    def not_wound_up(self) -> Self:
        """Those that ended, while dialogues still wait as they said."""
        return self.filter(ended_at__isnull=False, threshold__isnull=False, wound_up_at=None)

    def putting_back(self) -> Self:
        """Those whose dialogues an admin wants back in the queue."""
        return self.filter(put_back_asked__isnull=False, put_back_done=None)

    def end(self, why: "CertificateEnd", note: str, by: User | None = None) -> int:
        """Ends those in force; how many. What waits as they said is left to a worker."""
        return self.in_force().update(ended_at=Now(), end=why, end_note=note, ended_by=by)


class CertificateEnd(models.TextChoices):
    CHANGED = "changed"  # judges, rubric or rewriters are others now
    REVOKED = "revoked"  # a run of bad ones among those that people looked at
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"  # by an admin


class Certificate(models.Model):
    """Which rewrites may be approved by the panel's score alone: tested once, frozen to what it was
    tested for. Without `threshold` nothing passed, and nothing is certified."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="certificates")
    number = models.PositiveIntegerField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created = models.DateTimeField(db_default=Now())
    # At most this share of the accepted is bad, with this confidence.
    share = models.FloatField()
    confidence = models.FloatField()
    # Panel scores that were tested, from the highest, and what each test found
    # (`review.calibration.certifying.thresholds.Step`).
    grid = ArrayField(models.FloatField())
    steps = models.JSONField(default=list)
    threshold = models.FloatField(null=True)
    # Judges, rubric and rewriters (`review.calibration.conditions.Conditions`), and their hash.
    conditions = models.JSONField()
    conditions_hash = models.CharField(max_length=64)
    ended_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=16, choices=CertificateEnd, blank=True, default="")
    # Why it ended, in a sentence, and the admin who ended it, if one did.
    end_note = models.TextField(blank=True, default="")
    ended_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    # What had waited under it when it ended waits as any other dialogue again.
    wound_up_at = models.DateTimeField(null=True)
    # When all that wait were last looked through, and the newest judgement there was then.
    walked_at = models.DateTimeField(null=True)
    walked_to = models.BigIntegerField(default=0)
    # An admin had people decide on what it had approved; a worker does so until `put_back_done`.
    put_back_asked = models.DateTimeField(null=True)
    put_back_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    put_back_done = models.DateTimeField(null=True)

    objects = CertificateQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="certificate_number_once"),
            models.UniqueConstraint(
                fields=["dataset"],
                condition=Q(ended_at=None, threshold__isnull=False),
                name="certificate_in_force_once",
            ),
            models.CheckConstraint(
                condition=Q(share__gt=0, share__lt=1, confidence__gt=0, confidence__lt=1),
                name="certificate_shares_within_0_and_1",
            ),
            models.CheckConstraint(
                condition=Q(threshold=None) | Q(threshold__range=(1, 5)),
                name="certificate_threshold_1_to_5",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, end="")
                | Q(ended_at__isnull=False, end__in=CertificateEnd.values),
                name="certificate_ended_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"certificate {self.number} of {self.dataset}"

    def is_in_force(self) -> bool:
        return self.ended_at is None and self.threshold is not None

    @property
    def covers_from(self) -> float:
        """The panel score from which on it covers rewrites; where nothing passed none has it."""
        return math.inf if self.threshold is None else self.threshold - ROUNDING


class WaveQuerySet(models.QuerySet["Wave"]):
    def being_drawn(self) -> Self:
        """Those asked for that a worker draws, or is to draw."""
        return self.filter(drawn_at=None, failure="")


class Wave(models.Model):
    """A sample of waiting dialogues, drawn at one moment by probabilities that are known."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="waves")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=WaveKind)
    # How many were asked for: exactly in a uniform wave, on average in an informative one.
    size = models.PositiveIntegerField()
    # Of an informative wave the share that is spread evenly over all dialogues (g).
    even_share = models.FloatField(default=1)
    seed = models.CharField(max_length=128)
    # What of the dataset it is drawn from: a dimension and its value, such as {"language": "de"};
    # empty for all of it.
    narrowed = models.JSONField(default=dict)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created = models.DateTimeField(db_default=Now())
    # Null while a worker draws; it is at it until `leased_until`, unless it dies.
    drawn_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    # Why it could not be drawn, in a sentence.
    failure = models.TextField(blank=True, default="")
    # What it was drawn from, as it was then (`review.calibration.sampling.frames.Frame`).
    frame = models.JSONField(default=dict)
    conditions = models.JSONField(default=dict)
    conditions_hash = models.CharField(max_length=64, blank=True, default="")
    # Ended by an admin: what nobody has decided by then is no longer handed out first.
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    # The test that its decisions were used for; they can be used for one alone.
    certificate = models.ForeignKey(
        Certificate, null=True, on_delete=models.SET_NULL, related_name="waves"
    )

    objects = WaveQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="wave_number_once"),
            models.CheckConstraint(condition=Q(size__gte=1), name="wave_draws_some"),
            models.CheckConstraint(
                condition=Q(kind="uniform", even_share=1)
                | Q(kind="informative", even_share__range=(0.5, 1)),
                name="wave_even_share_from_half",
            ),
        ]

    def __str__(self) -> str:
        return f"wave {self.number} of {self.dataset}"

    def is_being_drawn(self) -> bool:
        return self.drawn_at is None and not self.failure

    def is_uniform(self) -> bool:
        return self.kind == WaveKind.UNIFORM


class Drawn(models.Model):
    """A dialogue in a wave, with what the panel said of it when it was drawn. It is drawn once."""

    wave = models.ForeignKey(Wave, on_delete=models.CASCADE, related_name="drawn")
    dialogue = models.OneToOneField(Dialogue, on_delete=models.CASCADE, related_name="drawn")
    # With which it came into the wave (pi).
    probability = models.FloatField()
    # From 0, in an order by lot: the one in which it is handed out.
    place = models.PositiveIntegerField()
    round = models.PositiveSmallIntegerField()
    # The best by the panel's score, and that score. Null where the dialogue was imported with other
    # turns since, for which nothing that was written holds: it is missing, and stays drawn.
    candidate = models.ForeignKey(Candidate, null=True, on_delete=models.SET_NULL, related_name="+")
    score = models.FloatField()
    passes = models.BooleanField(null=True)
    # The best by the panel's mean on each criterion: {criterion: [candidate id, mean]}.
    by_criterion = models.JSONField(default=dict)
    # Where it belongs in each dimension (`review.calibration.slices.DIMENSIONS`).
    slices = models.JSONField(default=dict)

    class Meta:
        ordering = ["wave", "place"]
        constraints = [
            models.UniqueConstraint(fields=["wave", "place"], name="drawn_place_once"),
            models.CheckConstraint(
                condition=Q(probability__gt=0, probability__lte=1), name="drawn_by_a_probability"
            ),
            models.CheckConstraint(condition=Q(score__range=(1, 5)), name="drawn_score_1_to_5"),
        ]

    def __str__(self) -> str:
        return f"{self.dialogue} in {self.wave}"


class CertifiedAs(models.TextChoices):
    ACCEPTED = "accepted"
    ONE_DECISION = "one-decision"
    AUDIT = "audit"  # goes to people all the same, one in twenty by lot


class Certified(models.Model):
    """A dialogue that a certificate covered when it was applied, and what became of it."""

    certificate = models.ForeignKey(Certificate, on_delete=models.CASCADE, related_name="dialogues")
    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="certified")
    round = models.PositiveSmallIntegerField()
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="+")
    score = models.FloatField()
    used_as = models.CharField(max_length=16, choices=CertifiedAs)
    created = models.DateTimeField(db_default=Now())
    # What the first person who decided said: whether the candidate is right as it stands.
    good = models.BooleanField(null=True)
    good_since = models.DateTimeField(null=True)
    # Put back into the queue, for people to decide: no certificate covers it again in that round.
    put_back_at = models.DateTimeField(null=True)
    put_back_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["certificate", "dialogue"], name="certified_once_by_certificate"
            ),
            models.CheckConstraint(
                condition=Q(used_as__in=CertifiedAs.values), name="certified_use_known"
            ),
            models.CheckConstraint(
                condition=Q(good=None, good_since=None)
                | Q(good__isnull=False, good_since__isnull=False),
                name="certified_good_since",
            ),
        ]
        indexes = [
            models.Index(
                F("certificate"),
                F("good_since").desc(),
                condition=Q(used_as="audit", good__isnull=False),
                name="certified_audited",
            ),
            models.Index(
                fields=["certificate", "dialogue"],
                condition=Q(used_as="audit", good=None),
                name="certified_to_audit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dialogue} by {self.certificate}"


class CalibrationReport(StoredReport):
    """How far a dataset's judges may be trusted: `review.calibration.report.Report`."""

    def __str__(self) -> str:
        return f"calibration of {self.dataset}"
