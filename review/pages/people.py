"""Who is asking, and what for. Every page is behind the login: a request has a user of ours."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from review.models import Dataset, Membership, User
from review.permissions import check_can_administer, dataset_for


class SignedIn(HttpRequest):
    """A request as pages get it: for type checkers alone, never made."""

    user: User
    htmx: HtmxDetails


def wants_fragment(request: SignedIn) -> bool:
    """Whether htmx asked for a part of the page. Going back in history wants the whole of it."""
    htmx = request.htmx
    return bool(htmx) and not (htmx.boosted or htmx.history_restore_request)


def administered(request: SignedIn, slug: str) -> tuple[Dataset, Membership]:
    """The dataset of an address, for its admins alone."""
    dataset, membership = dataset_for(request.user, slug)
    check_can_administer(request.user, dataset)
    return dataset, membership
