"""A dialogue, its stage, and what was settled."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from review.models.datasets import Dataset
from review.models.users import User
from review.turns import Turn


class Stage(models.TextChoices):
    IMPORTED = "imported"
    PROPOSED = "proposed"
    JUDGED = "judged"
    APPROVED = "approved"
    DISPUTED = "disputed"
    REJECTED = "rejected"


# Still open to machines: nobody has settled them.
UNRESOLVED = [Stage.IMPORTED, Stage.PROPOSED, Stage.JUDGED]


class Approval(models.TextChoices):
    """How the approved rewrite came about; the `verdict` of a curated line."""

    ACCEPTED = "accepted"
    EDITED = "edited"
    ADJUDICATED = "adjudicated"
    CERTIFIED = "certified"  # by a certificate, without a person


class DialogueQuerySet(models.QuerySet["Dialogue"]):
    def matching(self, words: str) -> Self:
        """By what everybody may see: the final query and the imported id, not the rewrites."""
        return self.filter(Q(final_query__icontains=words) | Q(external_id__icontains=words))

    def on_which_judges_differ(self) -> Self:
        """By a whole level at least, on some candidate."""
        return self.filter(disagreement__gte=1)

    def with_a_pass(self) -> Self:
        """Some candidate reaches the pass mark on every criterion."""
        return self.filter(candidates__passes=True).distinct()

    def without_a_pass(self) -> Self:
        """Scored, and none does."""
        return self.exclude(panel_score=None).exclude(candidates__passes=True)

    def awaiting_candidates(self) -> Self:
        return self.filter(stage=Stage.IMPORTED)

    def awaiting_review(self) -> Self:
        """What the policy lets reviewers take: scored dialogues, and others if allowed."""
        return self.filter(
            Q(stage=Stage.JUDGED) | Q(stage=Stage.PROPOSED, dataset__needs_scores=False)
        )

    def with_a_free_place(self, dataset: Dataset) -> Self:
        """Those of a dataset in which fewer have a place than `decisions_needed`."""
        rows = self.filter(dataset=dataset, places_taken__lt=dataset.decisions_needed)
        if dataset.decisions_needed == 1:
            return rows
        return rows.exclude(one_suffices=True, places_taken__gte=1)

    def disputed(self) -> Self:
        return self.filter(stage=Stage.DISPUTED)

    def approved(self) -> Self:
        return self.filter(stage=Stage.APPROVED)

    def awaiting_check(self) -> Self:
        """Approved, with a target to look for, and not yet checked."""
        return self.approved().filter(checked_at=None).exclude(target_images=[])

    def with_trait(self, trait: str) -> Self:
        """Of which retrieval shows this (`Trait`)."""
        return self.filter(traits__contains=[trait])

    def unresolved(self) -> Self:
        return self.filter(stage__in=UNRESOLVED)


class Dialogue(models.Model):
    """Turns that end in a user turn, whose text is the final query."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="dialogues")
    external_id = models.TextField()
    turns = models.JSONField()  # list[Turn]
    final_query = models.TextField()
    # Ids of images in the corpus; ids rather than rows, since a corpus may replace an image.
    target_images = ArrayField(models.TextField(), default=list)
    metadata = models.JSONField(default=dict)
    # SHA-256 of the imported record, by which a repeated import knows what has not changed.
    content_hash = models.CharField(max_length=64)
    imported_by = models.ForeignKey(
        "review.Import", null=True, on_delete=models.SET_NULL, related_name="dialogues"
    )
    created = models.DateTimeField(db_default=Now())

    stage = models.CharField(max_length=16, choices=Stage, default=Stage.IMPORTED)
    # Grows when a reviewer asks for more candidates; decisions of earlier rounds no longer count.
    round = models.PositiveSmallIntegerField(default=0)
    note_to_models = models.TextField(blank=True, default="")
    places_taken = models.PositiveSmallIntegerField(default=0)

    # What decides the order of review, filled by machines through intake.
    panel_score = models.FloatField(null=True)
    disagreement = models.FloatField(null=True)
    # Where it stands among those that wait, the least first: kept by a trigger of the database,
    # which knows the dataset's order, so that no way of writing can forget it.
    queue_key = models.FloatField(db_default=0)
    # Its place among what was drawn for calibration, which is handed out before all others; null
    # for the rest.
    drawn_place = models.BigIntegerField(null=True)
    # A certificate covers it: one reviewer who agrees with the panel is enough.
    one_suffices = models.BooleanField(default=False, db_default=False)
    # ISO code of the language in which the user writes; empty where nobody can tell.
    language = models.CharField(max_length=16, blank=True, db_default="")

    # Which adjudicator looks at the dispute, until when, and their time at work as for a place.
    held_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    held_until = models.DateTimeField(null=True)
    held_active_at = models.DateTimeField(null=True)
    held_seconds = models.FloatField(db_default=0)

    approved_candidate = models.ForeignKey(
        "review.Candidate", null=True, on_delete=models.RESTRICT, related_name="+"
    )
    approval = models.CharField(max_length=16, choices=Approval, blank=True, default="")
    settled_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    # Some retriever of the dataset has not checked the approved rewrite yet.
    checks_due = models.BooleanField(default=False, db_default=False)
    # How the approved rewrite is checked: `review.checking.Checker.mark` by name of the retriever.
    checked_as = models.JSONField(default=dict, db_default={})
    # The lowest at which a check of the approved rewrite finds the target, 0 where none does. Null
    # where checks find nothing beside the targets: there is no image to be judged.
    lowest_place = models.PositiveIntegerField(null=True)
    # What retrieval shows of it (`Trait`), and how far the ranks of its candidates lie apart: the
    # standard deviation of their natural logarithms.
    traits = ArrayField(models.CharField(max_length=32), default=list, db_default=[])
    rank_spread = models.FloatField(null=True)
    # `review.checking.Checker.key` of the one that its outcome and spread are of.
    ranked_as = models.CharField(max_length=120, blank=True, default="", db_default="")
    # What its last check shows has not been looked for yet, or something has changed since.
    traits_due = models.BooleanField(default=False, db_default=False)
    check_outcome = models.CharField(max_length=16, blank=True, default="")
    # Part of at least one release; from then on its decisions stay as they are.
    released = models.BooleanField(default=False)

    objects = DialogueQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "external_id"], name="dialogue_id_once"),
            models.CheckConstraint(
                condition=Q(stage__in=Stage.values), name="dialogue_stage_known"
            ),
            models.CheckConstraint(
                condition=(Q(stage=Stage.APPROVED) & Q(approved_candidate__isnull=False))
                | (~Q(stage=Stage.APPROVED) & Q(approved_candidate=None)),
                name="dialogue_approved_has_rewrite",
            ),
        ]
        indexes = [
            # The queue: what may be claimed, scored dialogues first ("judged" < "proposed").
            models.Index(
                fields=["dataset", "stage", "queue_key", "id"],
                condition=Q(stage__in=[Stage.JUDGED, Stage.PROPOSED], places_taken=0),
                name="dialogue_queue_fresh",
            ),
            # The same for who reads few languages. Any text is at least "": that keeps these two
            # out of the way where no language is asked for, and they would have to be sorted.
            models.Index(
                fields=["dataset", "language", "stage", "queue_key", "id"],
                condition=Q(
                    stage__in=[Stage.JUDGED, Stage.PROPOSED], places_taken=0, language__gte=""
                ),
                name="dialogue_queue_language",
            ),
            models.Index(
                fields=["dataset", "stage", "queue_key", "id"],
                condition=Q(stage__in=[Stage.JUDGED, Stage.PROPOSED], places_taken__gt=0),
                name="dialogue_queue_begun",
            ),
            models.Index(
                fields=["dataset", "language", "stage", "queue_key", "id"],
                condition=Q(
                    stage__in=[Stage.JUDGED, Stage.PROPOSED], places_taken__gt=0, language__gte=""
                ),
                name="dialogue_queue_begun_language",
            ),
            models.Index(
                fields=["dataset", "drawn_place", "id"],
                condition=Q(stage__in=[Stage.JUDGED, Stage.PROPOSED], drawn_place__isnull=False),
                name="dialogue_queue_drawn",
            ),
            # What a certificate may cover: scored, and nobody has begun.
            models.Index(
                fields=["dataset", "panel_score", "id"],
                condition=Q(stage=Stage.JUDGED, places_taken=0, drawn_place=None),
                name="dialogue_to_certify",
            ),
            models.Index(
                fields=["dataset", "id"],
                condition=Q(stage=Stage.APPROVED, checked_at=None),
                name="dialogue_unchecked",
            ),
            models.Index(
                fields=["dataset", "id"],
                condition=Q(checks_due=True),
                name="dialogue_checks_due",
            ),
            # As what dialogues are checked, without a look at them: which are outdated.
            models.Index(
                fields=["dataset", "id"],
                include=["checked_as", "ranked_as"],
                condition=Q(stage=Stage.APPROVED, checks_due=False, checked_at__isnull=False),
                name="dialogue_checked",
            ),
            # Those first in which most images stand above the target.
            models.Index(
                fields=["dataset", "-lowest_place", "id"],
                condition=Q(stage=Stage.APPROVED, lowest_place__isnull=False),
                name="dialogue_with_others",
            ),
            models.Index(
                fields=["dataset", "id"],
                condition=Q(traits_due=True),
                name="dialogue_traits_due",
            ),
            # Lists of what has a trait.
            GinIndex(fields=["traits"], name="dialogue_traits"),
            models.Index(
                fields=["dataset", "settled_at", "id"],
                condition=Q(stage=Stage.DISPUTED),
                name="dialogue_disputed",
            ),
            # The newest approved ones, and of these what controls come from: people's own.
            models.Index(
                fields=["dataset", "-id"],
                condition=Q(stage=Stage.APPROVED),
                name="dialogue_approved",
            ),
            models.Index(
                fields=["dataset", "-id"],
                condition=Q(stage=Stage.APPROVED) & ~Q(approval=Approval.CERTIFIED),
                name="dialogue_approved_by_people",
            ),
            models.Index(fields=["dataset", "stage"], name="dialogue_stage"),
            # Lists of one language, and which languages there are.
            models.Index(fields=["dataset", "language", "id"], name="dialogue_language"),
        ]

    def __str__(self) -> str:
        return self.external_id

    def history(self) -> list[Turn]:
        """The turns before the final query."""
        return self.turns[:-1]

    def shown_images(self) -> list[str]:
        """Ids of the images that the turns show, in order, each once."""
        return list(dict.fromkeys(i for turn in self.turns for i in turn.get("images", [])))

    def decisions_needed(self) -> int:
        """How many it takes to settle it. Its dataset is at hand."""
        return 1 if self.one_suffices else self.dataset.decisions_needed

    def is_settled(self) -> bool:
        return self.stage in {Stage.APPROVED, Stage.REJECTED}
