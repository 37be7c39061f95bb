"""Which images fit a dialogue as well as its target: what people said of them, image by image.

A corpus has more right answers than its targets. An image that fits, and that nobody marked, counts
as wrong wherever it is found (a false negative); so people look at what retrievers find. The last
word on an image stands; to take one back is to say the other.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from review import traits
from review.errors import Invalid, Missing, NotAllowed, ReviewError
from review.models import (
    Assignment,
    Dialogue,
    Image,
    Membership,
    PlaceState,
    Relevance,
    User,
)
from review.models.dialogues import DialogueQuerySet
from review.permissions import MEMBERS_ALONE, membership_of
from review.practice import masking
from review.visibility import sights

# As TREC grades: the image that was meant, and those that fit as well.
TARGET, FITS = 2, 1
# With so many others that fit, the query picks nothing out.
BROAD_FROM = 10
# Far more than anybody looks through at once, and a bound for what a program sends.
MOST_AT_ONCE = 500


@dataclass(frozen=True)
class Count:
    """How many images fit a dialogue as well as its target, and how many do not."""

    fit: int
    fit_not: int

    @property
    def judged(self) -> int:
        return self.fit + self.fit_not


def check_can_judge(dialogue: Dialogue, membership: Membership | None) -> None:
    """Raises `NotAllowed`, or `Invalid` where there is no target to compare with."""
    if membership is None:
        raise NotAllowed(MEMBERS_ALONE)
    sight = sights([dialogue], membership)[dialogue.pk]
    # Who holds a place, or may still be handed one, would be led by what others found.
    if not (sight.decisions and sight.target):
        raise NotAllowed("You say which images fit a dialogue once you have decided on it.")
    if not dialogue.target_images:
        raise Invalid("The dialogue has no target: there is nothing for an image to fit as well.")


def can_judge(dialogue: Dialogue, membership: Membership) -> bool:
    try:
        check_can_judge(dialogue, membership)
    except ReviewError:
        return False
    return True


def judgeable(membership: Membership) -> DialogueQuerySet:
    """Approved dialogues of a dataset for which checks found images beside the targets, of which
    this member may say which fit."""
    approved: DialogueQuerySet = membership.dataset.dialogues.approved()
    rows = approved.filter(lowest_place__isnull=False)
    own = Assignment.objects.filter(reviewer=membership.user_id, round=F("dialogue__round"))
    rows = masking.without_controls(rows, membership)
    if membership.adjudicates():
        return rows.exclude(pk__in=own.filter(state=PlaceState.OPEN).values("dialogue"))
    return rows.filter(pk__in=own.filter(state=PlaceState.DECIDED).values("dialogue"))


def is_judged() -> Exists:
    """Whether anybody said anything of an image of a dialogue, beside the row of that dialogue."""
    return Exists(Relevance.objects.filter(dialogue=OuterRef("pk")))


def standing(dialogue: Dialogue) -> dict[str, Relevance]:
    """The last word on each image of a dialogue, with who said it."""
    rows = dialogue.relevances.standing().select_related("by")
    return {row.image: row for row in rows}


def counted(words: Iterable[Relevance]) -> Count:
    fits = [row.fits for row in words]
    return Count(sum(fits), len(fits) - sum(fits))


def judge(*, dialogue: Dialogue, fits: Mapping[str, bool], by: User) -> list[Relevance]:
    """Keeps what a person says of images of the corpus; gives back what was new.

    What stands already is not said again: a repeat changes nothing. Raises `NotAllowed`; `Invalid`
    for a target, or for too many images; `Missing` for an image that the corpus has not.
    """
    check_can_judge(dialogue, membership_of(by, dialogue.dataset))
    _check_images(dialogue, fits)
    return _kept(dialogue.pk, fits, by)


@transaction.atomic
def _kept(dialogue_id: int, fits: Mapping[str, bool], by: User) -> list[Relevance]:
    # One at a time: of two who speak at once, the later must know what the earlier said.
    dialogue = Dialogue.objects.select_for_update().get(pk=dialogue_id)
    said = {image: row.fits for image, row in standing(dialogue).items()}
    new = Relevance.objects.bulk_create(
        [
            Relevance(dialogue=dialogue, image=image, fits=fit, by=by)
            for image, fit in fits.items()
            if said.get(image) != fit
        ]
    )
    said.update(fits)
    broad = sum(said.values()) >= BROAD_FROM
    traits.replace(dialogue, of=traits.OF_PEOPLE, now=traits.OF_PEOPLE if broad else [])
    return new


def _check_images(dialogue: Dialogue, images: Collection[str]) -> None:
    if len(images) > MOST_AT_ONCE:
        raise Invalid(
            f"These are {len(images):,} images; send at most {MOST_AT_ONCE:,} at once.",
            field="images",
        )
    for image in images:
        if image in dialogue.target_images:
            raise Invalid(f"“{image}” is a target of this dialogue: it fits.", field="images")
    corpus = Image.objects.current().filter(dataset=dialogue.dataset_id)
    known = set(corpus.named(images).values_list("external_id", flat=True))
    if unknown := [image for image in images if image not in known]:
        raise Missing(f"There is no image “{unknown[0]}” in the corpus of {dialogue.dataset.slug}.")


def others(dialogues: Collection[int]) -> dict[int, dict[str, bool]]:
    """What was said of images, for many dialogues in one question: by the dialogue's key, whether
    each image fits. Nobody judged an image that is missing; a target may be among them, if it was
    judged before it became one."""
    found: dict[int, dict[str, bool]] = defaultdict(dict)
    rows = Relevance.objects.filter(dialogue__in=dialogues).standing()
    for key, image, fits in rows.values_list("dialogue_id", "image", "fits"):
        found[key][image] = fits
    return found
