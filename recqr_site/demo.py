"""The sample's accounts, one for each role. They open only where no other machine can reach them:
their passwords lie readable in the record, and the start of the server prints them.
"""

import json
import os
import secrets
from pathlib import Path

from recqr_site.record import record_dir
from review import guidelines
from review.models import Dataset, Role, User
from review.people.membership import add_member

CAST: dict[str, Role | None] = {
    "alice": Role.ANNOTATOR,
    "bob": Role.ADJUDICATOR,
    "carol": Role.ADMIN,
    "dave": None,
}
OUTSIDE = "no dataset"
# Two of these and a number: easy to type from one window into another, and nothing of value
# behind them.
_FIRST = ["amber", "brave", "calm", "clear", "gentle", "golden", "happy", "lucky", "silver"]
_SECOND = ["anchor", "birch", "cloud", "comet", "island", "lantern", "maple", "otter", "river"]


def accounts_file() -> Path:
    return record_dir() / "demo-accounts.json"


def open_accounts(dataset: Dataset) -> list[str]:
    """Makes the demo accounts, or lets them in again. Returns the names that others have taken."""
    passwords = _kept_passwords()
    users = {user.username: user for user in User.objects.filter(username__in=CAST)}
    taken = [name for name, user in users.items() if not user.is_demo]
    for name in CAST.keys() - set(taken):
        user = users.get(name)
        if user is None or name not in passwords:
            passwords[name] = passwords.get(name) or _new_password()
            _set_up(dataset, name, passwords[name])
        elif not user.is_active:
            User.objects.filter(pk=user.pk).update(is_active=True)
    kept = {name: passwords[name] for name in CAST if name not in taken}
    if kept != _kept_passwords():
        _keep(kept)
    return taken


def close_accounts() -> int:
    """Shuts every demo account, its open sessions and its tokens; returns how many were open."""
    return User.objects.filter(is_demo=True, is_active=True).update(is_active=False)


def _set_up(dataset: Dataset, name: str, password: str) -> None:
    user, _ = User.objects.get_or_create(username=name, defaults={"is_demo": True})
    user.set_password(password)
    user.is_active = True
    user.save(update_fields=["password", "is_active"])
    role = CAST[name]
    is_member = dataset.memberships.filter(user=user).exists()
    if role is not None and not is_member:
        add_member(dataset=dataset, username=name, role=role)
        # The first visit shows the desk, whose guidelines are a key away.
        guidelines.confirm(dataset=dataset, by=user, version=dataset.guidelines_version)


def _new_password() -> str:
    words = [secrets.choice(_FIRST), secrets.choice(_SECOND), str(secrets.randbelow(9000) + 1000)]
    return "-".join(words)


def _kept_passwords() -> dict[str, str]:
    try:
        entries = json.loads(accounts_file().read_text())
        return {entry["user"]: entry["password"] for entry in entries}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _keep(passwords: dict[str, str]) -> None:
    entries = [
        {"user": name, "role": CAST[name] or OUTSIDE, "password": password}
        for name, password in passwords.items()
    ]
    draft = accounts_file().with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(entries, file, indent=1)
    draft.replace(accounts_file())
