"""Which dialogues may serve as practice, and which of them a member is given next."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from review.errors import Conflict, Invalid
from review.lots import lot
from review.models import (
    Approval,
    Assignment,
    CandidateKind,
    Control,
    Dataset,
    Decision,
    Dialogue,
    Membership,
    PlaceState,
    Purpose,
    Stage,
    User,
    Verdict,
)
from review.models.assignments import TAKEN
from review.models.dialogues import DialogueQuerySet
from review.permissions import check_can_administer

# Of more dialogues than these none would be drawn sooner, and the drawing would take longer.
MOST_DRAWN_FROM = 300
LONGEST_EXPLANATION = 2000
OPINIONS = 2


@transaction.atomic
def mark(*, dialogue: Dialogue, by: User, explanation: str = "") -> Control:
    """Chooses a settled dialogue for practice, or changes the explanation of a chosen one."""
    check_can_administer(by, dialogue.dataset)
    explanation = explanation.replace("\x00", "").strip()
    if len(explanation) > LONGEST_EXPLANATION:
        raise Invalid(
            f"The explanation has {len(explanation):,} characters, the most is "
            f"{LONGEST_EXPLANATION:,}.",
            field="explanation",
        )
    row = Dialogue.objects.select_for_update().get(pk=dialogue.pk)
    if not row.is_settled():
        raise Conflict(
            f"Dialogue {row.external_id} is {row.stage}: only an approved or rejected one has an "
            "outcome to compare with."
        )
    if row.approval == Approval.CERTIFIED:
        raise Conflict(
            f"Dialogue {row.external_id} was approved by a certificate, and nobody has decided on "
            "it: its outcome is not known well enough for practice. Have people decide on it first."
        )
    control, _ = Control.objects.update_or_create(
        dialogue=row,
        defaults={"explanation": explanation},
        create_defaults={"dataset_id": row.dataset_id, "explanation": explanation, "by": by},
    )
    return control


def unmark(*, dialogue: Dialogue, by: User) -> None:
    """Takes a dialogue out of practice; what was answered at it still counts."""
    check_can_administer(by, dialogue.dataset)
    Control.objects.filter(dialogue=dialogue).delete()


def pool_of(dataset: Dataset) -> DialogueQuerySet:
    """What practice is drawn from: the dialogues that an admin chose, and where none were, the
    newest approved ones that an adjudicator settled or that reviewers agreed on."""
    if dataset.controls.exists():
        settled = Q(stage__in=[Stage.APPROVED, Stage.REJECTED])
        chosen = Dialogue.objects.filter(settled, dataset=dataset, control__isnull=False)
        return chosen.exclude(approval=Approval.CERTIFIED)
    by_people = Dialogue.objects.approved().exclude(approval=Approval.CERTIFIED)
    newest = by_people.filter(dataset=dataset).order_by("-pk")
    rows = Dialogue.objects.filter(pk__in=newest.values("pk")[:MOST_DRAWN_FROM])
    # Nobody can be asked to write what another person wrote.
    return _well_settled(rows.exclude(approved_candidate__kind=CandidateKind.PERSON))


def _well_settled(rows: DialogueQuerySet) -> DialogueQuerySet:
    agreeing = (
        Decision.objects.standing()
        .filter(
            dialogue=OuterRef("pk"),
            candidate=OuterRef("approved_candidate"),
            verdict__in=[Verdict.ACCEPT, Verdict.EDIT],
        )
        .order_by()
        .values("dialogue")
        .annotate(people=Count("reviewer", distinct=True))
        .filter(people__gte=OPINIONS)
    )
    return rows.filter(Q(approval=Approval.ADJUDICATED) | Q(Exists(agreeing)))


@dataclass(frozen=True)
class Pool:
    """How many dialogues practice is drawn from, and whether an admin chose them."""

    dialogues: int
    chosen: bool


def size_of(dataset: Dataset) -> Pool:
    return Pool(pool_of(dataset).count(), dataset.controls.exists())


def left_for(membership: Membership) -> QuerySet[Dialogue]:
    """What a member may still be given: in their languages, and none that they decided on or saw
    before it was settled. What they gave back without an answer comes again."""
    user = membership.user_id
    answered = Q(state__in=[*TAKEN, PlaceState.SKIPPED])
    seen = Q(purpose=Purpose.REVIEW, begun_at__isnull=False)
    places = Assignment.objects.filter(answered | seen, dialogue=OuterRef("pk"), reviewer=user)
    rulings = Decision.objects.filter(dialogue=OuterRef("pk"), reviewer=user)
    rows = pool_of(membership.dataset).exclude(Exists(places)).exclude(Exists(rulings))
    if membership.languages:
        rows = rows.filter(language__in=[*membership.languages, ""])
    return rows


def next_for(membership: Membership) -> Dialogue | None:
    """What a member practises on next, drawn by the dataset's seed; None where none is left."""
    left = left_for(membership).order_by("-pk").values_list("pk", "external_id")
    seed, name = membership.dataset.seed, membership.user.username
    drawn = min(
        left[:MOST_DRAWN_FROM],
        key=lambda row: lot(seed, "practice", row[1], name),
        default=None,
    )
    if drawn is None:
        return None
    found = Dialogue.objects.get(pk=drawn[0])
    found.dataset = membership.dataset
    return found
