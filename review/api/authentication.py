"""Who calls: a program that carries a person's token."""

from collections.abc import Callable

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request

from review.models import ApiToken, Dataset, User
from review.permissions import check_can_administer, dataset_for

SCHEME = "Bearer"


def caller(request: Request) -> User:
    """Who calls. The door lets nobody else in; this says so to whoever opens another one."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user


def admitted(
    request: Request, slug: str, check: Callable[[User, Dataset], None]
) -> tuple[Dataset, User]:
    """The dataset of an address, for those whom `check` lets pass, and the one who calls."""
    user = caller(request)
    dataset, _ = dataset_for(user, slug)
    check(user, dataset)
    return dataset, user


def administered(request: Request, slug: str) -> tuple[Dataset, User]:
    """The dataset of an address, for its admins alone, and the one who calls."""
    return admitted(request, slug, check_can_administer)


class BearerTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer TOKEN`. A token of a disabled account opens nothing."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != SCHEME.lower().encode():
            return None
        if len(words) != 2:
            raise AuthenticationFailed("Send one token: “Authorization: Bearer TOKEN”.")
        token = _token_of(words[1])
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return f'{SCHEME} realm="recqr"'


def _token_of(secret: bytes) -> ApiToken:
    digest = ApiToken.digest_of(secret.decode("latin-1"))
    token = ApiToken.objects.select_related("user").filter(digest=digest).first()
    if token is None:
        raise AuthenticationFailed("This token is not known. Make a new one under Members.")
    if not token.user.is_active:
        raise AuthenticationFailed("The account of this token is disabled. Ask an admin.")
    return token
