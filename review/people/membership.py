"""Who belongs to a dataset, and in which role. Pages and the command call these alike.

`by` is the person who asks and must administer the dataset; None where the operator of the machine
does it on the command line.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import transaction

from review.assignments import give_back_all
from review.errors import Conflict, Invalid
from review.languages import checked_languages
from review.models import Dataset, Membership, Role, User
from review.permissions import check_can_administer

LONGEST_USERNAME = 150


@dataclass(frozen=True)
class Added:
    """A member as added. `password` is set for a new account only, and shown this once."""

    user: User
    membership: Membership
    password: str | None = None


@transaction.atomic
def add_member(*, dataset: Dataset, username: str, role: str, by: User | None = None) -> Added:
    """Makes `username` a member in `role`; a member there already changes role and is unpaused.

    An account that does not exist is made, with a password.
    """
    _check_may(by, dataset)
    role = checked_role(role)
    user, password = _account(username)
    membership, created = Membership.objects.get_or_create(
        dataset=dataset, user=user, defaults={"role": role}
    )
    if not created:
        change_role(membership=membership, role=role, by=by)
        membership.paused = False
        membership.save(update_fields=["paused"])
    return Added(user, membership, password)


@transaction.atomic
def change_role(*, membership: Membership, role: str, by: User | None = None) -> None:
    _check_may(by, membership.dataset)
    membership.role = checked_role(role)
    if not membership.administers():
        _check_admin_is_left(membership)
    membership.save(update_fields=["role"])


def set_languages(*, membership: Membership, languages: Iterable[str], by: User) -> None:
    """In which languages a member is handed dialogues: none means all. What they hold stays."""
    _check_may(by, membership.dataset)
    membership.languages = checked_languages(languages)
    membership.save(update_fields=["languages"])


@transaction.atomic
def pause(*, membership: Membership, paused: bool, by: User | None = None) -> None:
    """Shuts a member out for a while, or lets them in again; their open place is given back."""
    _check_may(by, membership.dataset)
    if paused:
        _check_admin_is_left(membership)
        _free_places(membership)
    membership.paused = paused
    membership.save(update_fields=["paused"])


@transaction.atomic
def remove(*, membership: Membership, by: User | None = None) -> None:
    """Ends a membership. What the person decided stays in the record."""
    _check_may(by, membership.dataset)
    _check_admin_is_left(membership)
    _free_places(membership)
    membership.delete()


def _free_places(membership: Membership) -> None:
    """Gives back what a member holds. The membership is locked first, as by a claim: the two would
    wait for each other, and what is claimed at this moment would stay held."""
    Membership.objects.select_for_update().filter(pk=membership.pk).first()
    give_back_all(dataset=membership.dataset, by=membership.user)


def unknown_role(role: str) -> Invalid:
    roles = ", ".join(Role.values)
    return Invalid(f"There is no role “{role}”. Choose one of {roles}.", field="role")


def checked_role(role: str) -> Role:
    if role not in Role.values:
        raise unknown_role(role)
    return Role(role)


def _check_may(by: User | None, dataset: Dataset) -> None:
    if by is not None:
        check_can_administer(by, dataset)


def _account(username: str) -> tuple[User, str | None]:
    """The account of that name, and its password if it was made just now."""
    username = checked_name(User.normalize_username(username.strip()))
    user = User.objects.filter(username=username).first()
    if user is None:
        return _new_account(username)
    if not user.is_active:
        raise Invalid(
            f"The account “{username}” is switched off. Choose another name.", field="username"
        )
    return user, None


def _new_account(username: str) -> tuple[User, str]:
    password = secrets.token_urlsafe(12)
    return User.objects.create_user(username, password=password), password


def checked_name(username: str) -> str:
    try:
        UnicodeUsernameValidator()(username)
    except ValidationError:
        raise Invalid(
            f"“{username}” cannot be a username: use letters, digits and @ . + - _ only.",
            field="username",
        ) from None
    if len(username) > LONGEST_USERNAME:
        raise Invalid(
            f"A username has at most {LONGEST_USERNAME} characters, this one has {len(username)}.",
            field="username",
        )
    return username


def _check_admin_is_left(leaving: Membership) -> None:
    """A dataset that has an admin keeps one: nobody could add another from its pages."""
    # One change of a dataset's members at a time, or two admins could leave at once.
    Dataset.objects.select_for_update(no_key=True).get(pk=leaving.dataset_id)
    admins = Membership.objects.filter(
        dataset=leaving.dataset_id, role=Role.ADMIN, paused=False, user__is_active=True
    )
    is_admin = admins.filter(pk=leaving.pk).exists()
    if is_admin and not admins.exclude(pk=leaving.pk).exists():
        raise Conflict(
            f"{leaving.user} is the only admin of {leaving.dataset}. Make another member admin "
            "first."
        )
