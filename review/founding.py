"""New datasets, begun by a person in the browser."""

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from review.errors import Conflict, Invalid, NotAllowed
from review.models import Dataset, Membership, Role, User

LONGEST_SLUG = 64
LONGEST_TITLE = 200


def check_can_found(user: User) -> None:
    """Whoever administers a dataset may begin another; so may the operator's staff."""
    if (
        user.is_staff
        or Membership.objects.filter(user=user, role=Role.ADMIN, paused=False).exists()
    ):
        return
    raise NotAllowed("Only admins of a dataset begin new ones. Ask one of them, or the operator.")


def can_found(user: User) -> bool:
    try:
        check_can_found(user)
    except NotAllowed:
        return False
    return True


def found_dataset(*, title: str, slug: str = "", by: User) -> Dataset:
    """An empty dataset with `by` as its admin. Without a `slug` one is made from the title."""
    check_can_found(by)
    title = title.strip()
    if not title or len(title) > LONGEST_TITLE:
        raise Invalid(f"Give it a title of 1 to {LONGEST_TITLE} characters.", field="title")
    slug = _checked_slug(slug.strip(), title)
    try:
        return _make(slug, title, by)
    except IntegrityError:
        raise Conflict(
            f"There is a dataset “{slug}” already. Choose another short name.", field="slug"
        ) from None


@transaction.atomic
def _make(slug: str, title: str, by: User) -> Dataset:
    made = Dataset.objects.create(slug=slug, title=title)
    Membership.objects.create(dataset=made, user=by, role=Role.ADMIN)
    return made


def _checked_slug(slug: str, title: str) -> str:
    plain = slugify(slug or title).replace("_", "-")[:LONGEST_SLUG].strip("-")
    if not plain or (slug and slug != plain):
        raise Invalid(
            f"A short name has up to {LONGEST_SLUG} lower-case letters, digits and hyphens, such "
            "as street-scenes.",
            field="slug",
        )
    return plain
