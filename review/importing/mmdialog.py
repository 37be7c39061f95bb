"""Format `mmdialog`: conversations whose turns hold texts and the keys of media.

    {"conversation_id": "c-17",
     "conversation": [{"turn": [{"__TEXT__": "We are at the lake."}, {"__MEDIA__": "a1"}]},
                      {"turn": [{"__TEXT__": "Show me the boat house!"}]},
                      {"turn": [{"__TEXT__": "Here."}, {"__MEDIA__": "b2"}]}],
     "negative_candidate_media_keys": ["c3", ...]}

Two people take turns. Every turn after the first that has media becomes a dialogue: the turns
before it, of which the last is the user's, with their media shown, and its own media as targets.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from review.importing.documents import record_documents
from review.importing.fields import (
    implied_image,
    list_of,
    metadata_of,
    name_of,
    objects_of,
    text_of,
)
from review.importing.reading import Slice, decoded, named_type
from review.importing.records import Kind, Record, Rejected
from review.importing.sources import Source
from review.turns import Turn

TEXT, MEDIA = "__TEXT__", "__MEDIA__"
_NEGATIVES = "negative_candidate_media_keys"
# Of the last, answers in words to choose from, nothing can be made here.
_USED = ["conversation_id", "conversation", _NEGATIVES, "negative_candidate_texts"]


@dataclass(frozen=True, slots=True)
class _Said:
    """One turn of the source. `has_more`: it holds what a turn of ours has no place for."""

    text: str
    media: dict[str, Record]
    has_more: bool


class MMDialog:
    name = "mmdialog"
    title = "MMDialog"

    def fits(self, value: dict[str, Any]) -> bool:
        return type(value.get("conversation")) is list and "conversation_id" in value

    def documents(self, source: Source) -> list[str]:
        return record_documents(source)

    def kind(self, document: str) -> Kind:
        return Kind.DIALOGUE

    def records(self, document: str, found: Slice) -> Iterator[Record]:
        item = decoded(found)
        conversation = _Conversation(item, document, found.line)
        shares = [place for place, said in enumerate(conversation.said) if place and said.media]
        if not shares:
            raise Rejected(
                "conversation",
                "no turn after the first has media: there is no image that a query could mean",
            )
        for place in shares:
            yield conversation.dialogue_before(place)


class _Conversation:
    """One record of the source. Raises `Rejected` for what it is not."""

    def __init__(self, item: dict[str, Any], document: str, line: int) -> None:
        self.item = item
        self.document, self.line = document, line
        self.id = name_of(item, "conversation_id")
        entries = objects_of(item, "conversation")
        self.said = [self._said(entry, place) for place, entry in enumerate(entries)]
        keys = list_of(item, _NEGATIVES) if item.get(_NEGATIVES) is not None else []
        negatives = [self._image(key, f"{_NEGATIVES}[{n}]") for n, key in enumerate(keys)]
        self.negatives = {image.value["id"]: image for image in negatives}

    def dialogue_before(self, place: int) -> Record:
        """The dialogue that the media of turn `place` answer."""
        said, answer = self.said[:place], self.said[place]
        value = {
            "id": f"{self.id}-{place}",
            "turns": [_turn(turn, place - n) for n, turn in enumerate(said)],
            "target_images": list(answer.media),
            "metadata": metadata_of(self.item, _USED, self._kept(place)),
        }
        images = {**self.negatives, **answer.media}
        for turn in said:
            images |= turn.media
        named = {f"turns[{n}].text": f"conversation[{n}].turn" for n in range(place)}
        named["id"] = "conversation_id"
        implied = list(images.values())
        return Record(Kind.DIALOGUE, value, self.document, self.line, implied=implied, named=named)

    def _kept(self, place: int) -> dict[str, Any]:
        """What the turns do not say: the words beside the targets, or all where there is more."""
        if any(said.has_more for said in self.said[: place + 1]):
            return {"conversation": self.item["conversation"][: place + 1]}
        return {"answer": self.said[place].text} if self.said[place].text else {}

    def _said(self, entry: dict[str, Any], place: int) -> _Said:
        field = f"conversation[{place}].turn"
        parts = entry.get("turn")
        if type(parts) is not list:
            raise Rejected(field, f"turn is a list, this is {named_type(parts)}")
        texts: list[str] = []
        media: dict[str, Record] = {}
        has_more = len(entry) > 1
        for n, part in enumerate(parts):
            if type(part) is not dict:
                raise Rejected(f"{field}[{n}]", f"this is an object, not {named_type(part)}")
            has_more = has_more or not part.keys() <= {TEXT, MEDIA}
            if text := text_of(part, TEXT, f"{field}[{n}].{TEXT}"):
                texts.append(text)
            if MEDIA in part:
                image = self._image(part[MEDIA], f"{field}[{n}].{MEDIA}")
                media.setdefault(image.value["id"], image)
        return _Said("\n".join(texts), media, has_more)

    def _image(self, key: Any, field: str) -> Record:
        key = name_of({"key": key}, "key", field)
        value = {"id": key, "file": f"{key}.jpg"}
        return implied_image(value, {"id": field, "file": field}, self.document, self.line)


def _turn(said: _Said, before_the_answer: int) -> Turn:
    """Speakers alternate: the last turn before the answer is the user's."""
    turn: Turn = {
        "role": "user" if before_the_answer % 2 else "assistant",
        "text": said.text,
    }
    if said.media:
        turn["images"] = list(said.media)
    return turn
