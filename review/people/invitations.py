"""Links by which people join a dataset: made by an admin, used so often, until they end.

The secret stands in the link alone; we keep its digest, so that a copy of the database opens no
door. It has 256 random bits: nobody finds one by trying.
"""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from review.errors import Conflict, Invalid, Missing
from review.languages import checked_languages
from review.models import Dataset, Invitation, Membership, User
from review.people.membership import checked_name, checked_role
from review.permissions import check_can_administer

SECRET_BYTES = 32
MOST_USES = 500
MOST_DAYS = 90


def make(
    *,
    dataset: Dataset,
    role: str,
    by: User,
    languages: Iterable[str] = (),
    most_uses: int = 1,
    days: int = 7,
) -> tuple[Invitation, str]:
    """A new invitation, and the secret of its link: nobody can show it again."""
    check_can_administer(by, dataset)
    _check_within("most_uses", most_uses, MOST_USES, "people may use it")
    _check_within("days", days, MOST_DAYS, "days it stays open")
    secret = secrets.token_urlsafe(SECRET_BYTES)
    invitation = Invitation.objects.create(
        dataset=dataset,
        digest=digest_of(secret),
        role=checked_role(role),
        languages=checked_languages(languages),
        by=by,
        expires_at=timezone.now() + timedelta(days=days),
        most_uses=most_uses,
    )
    return invitation, secret


def _check_within(field: str, given: int, most: int, what: str) -> None:
    if not 1 <= given <= most:
        raise Invalid(f"Say how many {what}: 1 to {most}, not {given}.", field=field)


def revoke(*, invitation: Invitation, by: User) -> None:
    """Ends a link. Who joined by it stays a member."""
    check_can_administer(by, invitation.dataset)
    Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=timezone.now())


def named(secret: str) -> Invitation:
    """The open invitation behind a link. Raises `Missing`, or `Conflict` for one that has ended."""
    rows = Invitation.objects.select_related("dataset", "by")
    found = rows.filter(digest=digest_of(secret)).first()
    if found is None:
        raise Missing(
            "There is no such invitation. Look whether the link is whole: its end may have been "
            "cut off. Or ask whoever sent it for a new one."
        )
    _check_open(found)
    return found


@transaction.atomic
def accept(*, secret: str, by: User) -> Membership:
    """Makes a person who has an account a member; one who is a member already stays as they are,
    and the invitation is not used up."""
    invitation = _locked(secret)
    theirs = Membership.objects.filter(dataset=invitation.dataset_id, user=by).first()
    if theirs is None:
        return _join(invitation, by)
    if theirs.paused:
        raise Conflict(
            f"You are paused in {invitation.dataset}. Ask {invitation.by} to let you in again."
        )
    return theirs


def sign_up(*, secret: str, username: str, password: str) -> User:
    """A new account that is a member from its first moment."""
    try:
        return _sign_up(secret, username, password)
    except IntegrityError:
        raise _taken(username) from None


@transaction.atomic
def _sign_up(secret: str, username: str, password: str) -> User:
    invitation = _locked(secret)
    username = checked_name(User.normalize_username(username.strip()))
    if User.objects.filter(username__iexact=username).exists():
        raise _taken(username)
    user = User(username=username)
    _check_password(password, user)
    user.set_password(password)
    user.save()
    _join(invitation, user)
    return user


def _taken(username: str) -> Conflict:
    return Conflict(
        f"The name “{username}” is taken. Choose another; if it is yours, sign in instead.",
        field="username",
    )


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="password") from None


def _join(invitation: Invitation, user: User) -> Membership:
    invitation.uses += 1
    invitation.save(update_fields=["uses"])
    return Membership.objects.create(
        dataset=invitation.dataset,
        user=user,
        role=invitation.role,
        languages=invitation.languages,
    )


def _locked(secret: str) -> Invitation:
    """The open invitation, locked: of two who come at once one may find it used up."""
    rows = Invitation.objects.select_related("dataset", "by").select_for_update(of=("self",))
    found = rows.filter(digest=digest_of(secret)).first()
    if found is None:
        return named(secret)
    _check_open(found)
    return found


def _check_open(invitation: Invitation) -> None:
    ended = partial(_ended, invitation)
    if invitation.revoked_at is not None:
        raise ended("was taken back")
    if invitation.expires_at <= timezone.now():
        raise ended("has expired")
    if invitation.uses >= invitation.most_uses:
        raise ended("is used up")


def _ended(invitation: Invitation, how: str) -> Conflict:
    return Conflict(
        f"This invitation to {invitation.dataset} {how}. "
        f"Ask {invitation.by}, who made it, or another admin for a new one."
    )


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
