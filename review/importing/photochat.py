"""Format `photochat`: chats of two people, one of whom shares a photo.

    [{"photo_id": "train/9af3", "photo_url": "https://...", "photo_description": "...",
      "dialogue_id": 17,
      "dialogue": [{"user_id": 1, "share_photo": false, "message": "How was the lake?"},
                   {"user_id": 0, "share_photo": true, "message": ""}, ...]}, ...]

Who shares the photo is the assistant, the other the user. The dialogue ends with the user's last
message before the photo, which is the target; what was said after it is kept in the metadata.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from review.importing.documents import record_documents
from review.importing.fields import (
    implied_image,
    joined,
    metadata_of,
    name_of,
    objects_of,
    text_of,
)
from review.importing.reading import Slice, decoded, named_type
from review.importing.records import Kind, Record, Rejected
from review.importing.sources import Source
from review.turns import Role

_USED = ["photo_id", "photo_url", "photo_description", "dialogue", "dialogue_id"]
_MESSAGE = {"message", "share_photo", "user_id"}
_PHOTO = {"id": "photo_id", "file": "photo_id", "caption": "photo_description", "url": "photo_url"}


class PhotoChat:
    name = "photochat"
    title = "PhotoChat"

    def fits(self, value: dict[str, Any]) -> bool:
        photo = {"photo_id", "photo_url", "photo_description"}
        return "dialogue" in value and not photo.isdisjoint(value)

    def documents(self, source: Source) -> list[str]:
        return record_documents(source)

    def kind(self, document: str) -> Kind:
        return Kind.DIALOGUE

    def records(self, document: str, found: Slice) -> Iterator[Record]:
        item = decoded(found)
        messages = _messages(item)
        end = _end(messages)
        turns, fields = joined(_said(messages, end))
        photo = _photo(item, document, found.line)
        dialogue = {
            "id": name_of(item, "dialogue_id"),
            "turns": turns,
            "target_images": [photo.value["id"]],
            "metadata": metadata_of(item, _USED, _kept(messages, end)),
        }
        named = {"id": "dialogue_id", "target_images[0]": "photo_id", **fields}
        yield Record(Kind.DIALOGUE, dialogue, document, found.line, implied=[photo], named=named)


def _messages(item: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages as they came, each of a known person. Raises `Rejected`."""
    messages = objects_of(item, "dialogue")
    for place, message in enumerate(messages):
        field = f"dialogue[{place}]"
        text_of(message, "message", f"{field}.message")
        name_of(message, "user_id", f"{field}.user_id")
        shares = message.get("share_photo", False)
        if type(shares) is not bool:
            reason = f"share_photo is true or false, this is {named_type(shares)}"
            raise Rejected(f"{field}.share_photo", reason)
    return messages


def _end(messages: list[dict[str, Any]]) -> int:
    """How many messages the dialogue has: up to the user's last before the photo."""
    shared = next((p for p, m in enumerate(messages) if m.get("share_photo")), None)
    if shared is None:
        raise Rejected("dialogue", "no message shares the photo: one has share_photo true")
    sharer = messages[shared]["user_id"]
    by_user = [
        place
        for place, message in enumerate(messages[:shared])
        if message["user_id"] != sharer and (message.get("message") or "").strip()
    ]
    if not by_user:
        raise Rejected(
            "dialogue",
            f"no message by the user before the photo: it is shared in dialogue[{shared}], and "
            "until then the other person has said nothing",
        )
    return by_user[-1] + 1


def _said(messages: list[dict[str, Any]], end: int) -> Iterator[tuple[Role, str, str]]:
    user = messages[end - 1]["user_id"]
    for place, message in enumerate(messages[:end]):
        role: Role = "user" if message["user_id"] == user else "assistant"
        yield role, message.get("message") or "", f"dialogue[{place}].message"


def _kept(messages: list[dict[str, Any]], end: int) -> dict[str, Any]:
    """What the turns do not say: all messages where they have further fields, else the rest."""
    if any(message.keys() - _MESSAGE for message in messages):
        return {"dialogue": messages}
    return {"afterwards": messages[end:]}


def _photo(item: dict[str, Any], document: str, line: int) -> Record:
    url = text_of(item, "photo_url", "photo_url").strip()
    caption = text_of(item, "photo_description", "photo_description")
    # The first files that were given out have an address alone.
    id = name_of(item, "photo_id") if "photo_id" in item else _name_in(url)
    value = {
        "id": id,
        "file": f"{id}.jpg",
        "url": url,
        "caption": caption if caption.strip() else "",
    }
    return implied_image(value, _PHOTO, document, line)


def _name_in(url: str) -> str:
    """The file's name in an address, without its ending. Raises `Rejected`."""
    try:
        name = PurePosixPath(urlsplit(url).path).stem
    except ValueError:
        name = ""
    if not name:
        raise Rejected("photo_id", "photo_id is missing, and no photo_url names the photo")
    return name
