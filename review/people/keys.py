"""The keys of the desk, and what each person made of them.

A key is written as the browser names it: a letter in lower case, `Enter`, `Space` or a sign. An
action without a key has "": it is still there as a button, and a program that reads the screen
aloud or listens to speech may have the keys to itself. Digits choose candidates, `Escape` goes back
and the arrows walk; nobody can give these away.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from review.errors import InvalidFields
from review.models import User


@dataclass(frozen=True)
class Action:
    """Something a person does at the desk; `key` is the one it has unless they chose another."""

    code: str
    label: str
    key: str


ACTIONS = [
    Action("accept", "Accept the chosen candidate", "Enter"),
    Action("edit", "Edit the chosen candidate", "e"),
    Action("reject", "Reject all, with a reason", "r"),
    Action("more", "Ask for more candidates", "m"),
    Action("skip", "Skip: somebody else gets it", "s"),
    Action("undo", "Undo a decision", "u"),
    Action("send-back", "Send a disputed decision back to its reviewer", "b"),
    Action("also", "Mark a candidate as right as well", "a"),
    Action("next", "Next candidate", "j"),
    Action("previous", "Previous candidate", "k"),
    Action("images", "The target image, large", "Space"),
    Action("guidelines", "Guidelines", "g"),
    Action("comment", "Comment on the dialogue", "c"),
    Action("all-keys", "Show all keys", "?"),
]
BY_CODE = {action.code: action for action in ACTIONS}
USUAL = {action.code: action.key for action in ACTIONS}

# Beside letters. Of signs only those that browsers leave alone: “/” and “'” search a page.
NAMED = ["Enter", "Space", "?", ".", ",", ";", "-"]


def of(user: User) -> dict[str, str]:
    """The key of each action for this person; "" where they want none."""
    return {code: user.keys.get(code, key) for code, key in USUAL.items()}


@transaction.atomic
def save(*, user: User, keys: Mapping[str, str]) -> dict[str, str]:
    """Gives actions other keys; those not named keep theirs. All keys, as they are then.

    Raises `InvalidFields` by action where a key cannot be used or two actions would share one.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    wanted = {code: canonical(key) for code, key in keys.items()}
    known = {code: key for code, key in wanted.items() if code in BY_CODE}
    refused = {**_clashes({**of(user), **known}), **_refused(wanted)}
    if refused:
        raise InvalidFields(refused)
    chosen = {**of(user), **wanted}
    # What is as usual is not kept, so that it follows where the usual keys change.
    user.keys = {code: key for code, key in chosen.items() if key != USUAL[code]}
    user.save(update_fields=["keys"])
    return chosen


def canonical(key: str) -> str:
    """A key as a person may write it, in the browser's spelling: “E” is “e”, “ ” is “Space”."""
    if key == " ":
        return "Space"
    key = unicodedata.normalize("NFC", key.strip()).lower()
    return next((named for named in NAMED if named.lower() == key), key)


def shown(key: str) -> str:
    """A key as it stands on the keyboard."""
    return key.upper() if len(key.upper()) == 1 else key


def _refused(wanted: Mapping[str, str]) -> dict[str, str]:
    unknown = {
        code: f"There is no action “{code}”. Choose one of {', '.join(USUAL)}."
        for code in wanted
        if code not in BY_CODE
    }
    unusable = {
        code: sentence for code, key in wanted.items() if key and (sentence := _why_not(key))
    }
    return {**unusable, **unknown}


def _why_not(key: str) -> str:
    if key in NAMED or (len(key) == 1 and key.isalpha()):
        return ""
    if key.isdecimal():
        return "Digits choose candidates. Take a letter."
    named = ", ".join(NAMED)
    return f"“{key}” cannot be a key here. Take one letter, or one of: {named}"


def _clashes(keys: Mapping[str, str]) -> dict[str, str]:
    """By action a sentence for each that shares its key with one before it."""
    taken: dict[str, str] = {}
    clashes = {}
    for code, key in keys.items():
        if key and key in taken:
            other = BY_CODE[taken[key]].label.lower()
            clashes[code] = f"{shown(key)} is the key of “{other}” already. Change one of the two."
        taken.setdefault(key, code)
    return clashes
