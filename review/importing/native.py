"""Format `native`: `dialogues.jsonl` and `images.jsonl`, one record a line.

{"id": "d-17", "turns": [{"role": "user", "text": "...", "images": ["img-3"]}, ...],
 "target_images": ["img-9"], "candidates": [{"text": "...", "author": "..."}], "metadata": {}}
{"id": "img-9", "file": "images/9.jpg", "caption": "...", "url": "..."}
"""

from collections.abc import Iterator
from typing import Any

from review.errors import Invalid
from review.importing.reading import Slice, decoded
from review.importing.records import Kind, Record
from review.importing.sources import LoneFile, Source

_ENDINGS = (".jsonl", ".json", ".jsonl.gz", ".json.gz")
_IMAGE = {"id", "file", "caption", "url", "metadata"}


class Native:
    name = "native"
    title = "Native"

    def fits(self, value: dict[str, Any]) -> bool:
        return "turns" in value or ("id" in value and value.keys() <= _IMAGE)

    def documents(self, source: Source) -> list[str]:
        if isinstance(source, LoneFile):
            return source.documents()
        found = set(source.documents())
        wanted = [
            next((stem + ending for ending in _ENDINGS if stem + ending in found), "")
            for stem in ("images", "dialogues")
        ]
        if not any(wanted):
            raise Invalid(
                f"{source.name} has neither dialogues.jsonl nor images.jsonl at its top. "
                "Name the folder that holds them, or another format."
            )
        return [name for name in wanted if name]

    def kind(self, document: str) -> Kind:
        """What a document holds. A file imported alone may have any name."""
        return Kind.IMAGE if document.startswith("images.") else Kind.DIALOGUE

    def records(self, document: str, found: Slice) -> Iterator[Record]:
        yield Record(self.kind(document), decoded(found), document, found.line)
