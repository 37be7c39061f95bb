"""Who may do what. Each rule is a pair: `check_can_x` raises with a sentence, `can_x` asks."""

from collections.abc import Callable

from review.errors import Missing, NotAllowed
from review.models import Dataset, Membership, User
from review.models.datasets import MembershipQuerySet

MEMBERS_ALONE = "Only members of this dataset review it. Ask its admin to add you."


def membership_of(user: User, dataset: Dataset) -> Membership | None:
    """The person's active membership; None for an outsider or one who is paused."""
    return Membership.objects.active(user).filter(dataset=dataset).first()


def dataset_for(user: User, slug: str) -> tuple[Dataset, Membership]:
    """A dataset that `user` belongs to. To an outsider it does not exist."""
    membership = permitted(Membership.objects.all(), user, slug)
    return membership.dataset, membership


def permitted(rows: MembershipQuerySet, user: User, slug: str) -> Membership:
    """Of `rows` the person's membership in a dataset, and that dataset. Raises `Missing`."""
    found = rows.active(user).select_related("dataset").filter(dataset__slug=slug).first()
    if found is None:
        raise Missing(
            f"There is no dataset “{slug}” among yours. "
            "If you were invited to it, ask its admin to add you as a member."
        )
    return found


def check_can_review(user: User, dataset: Dataset) -> None:
    if membership_of(user, dataset) is None:
        raise NotAllowed(MEMBERS_ALONE)


def check_can_adjudicate(user: User, dataset: Dataset) -> None:
    member = membership_of(user, dataset)
    if member is None or not member.adjudicates():
        raise NotAllowed("Only adjudicators and admins of this dataset settle disputes.")


def check_can_see_agreement(user: User, dataset: Dataset) -> None:
    member = membership_of(user, dataset)
    if member is None or not member.adjudicates():
        raise NotAllowed("Only adjudicators and admins of this dataset see how reviewers agree.")


def check_can_see_benchmark(user: User, dataset: Dataset) -> None:
    member = membership_of(user, dataset)
    if member is None or not member.adjudicates():
        raise NotAllowed("Only adjudicators and admins of this dataset see its benchmark.")


def check_can_see_calibration(user: User, dataset: Dataset) -> None:
    member = membership_of(user, dataset)
    if member is None or not member.adjudicates():
        raise NotAllowed("Only adjudicators and admins of this dataset see its calibration.")


def check_can_administer(user: User, dataset: Dataset) -> None:
    member = membership_of(user, dataset)
    if member is None or not member.administers():
        raise NotAllowed("Only admins of this dataset may do this. Ask one of them.")


def check_can_download(user: User, dataset: Dataset) -> None:
    """A release has the outcome of dialogues that reviewers may get as practice."""
    member = membership_of(user, dataset)
    if member is None:
        raise NotAllowed(MEMBERS_ALONE)
    if (dataset.control_rate or dataset.quiz_size) and not member.adjudicates():
        raise NotAllowed(
            "While reviewers of this dataset practise on settled dialogues, only adjudicators and "
            "admins download its releases. Ask one of them."
        )


def _can(check: Callable[[User, Dataset], None]) -> Callable[[User, Dataset], bool]:
    def can(user: User, dataset: Dataset) -> bool:
        try:
            check(user, dataset)
        except NotAllowed:
            return False
        return True

    return can


can_review = _can(check_can_review)
can_adjudicate = _can(check_can_adjudicate)
can_administer = _can(check_can_administer)
can_download = _can(check_can_download)
