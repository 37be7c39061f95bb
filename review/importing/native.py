"""Format `native`: `dialogues.jsonl` and `images.jsonl`, one record a line.

{"id": "d-17", "turns": [{"role": "user", "text": "...", "images": ["img-3"]}, ...],
 "target_images": ["img-9"], "candidates": [{"text": "...", "author": "..."}], "metadata": {}}
{"id": "img-9", "file": "images/9.jpg", "caption": "...", "url": "..."}
"""

from collections.abc import Iterator

from review.errors import Invalid
from review.importing.reading import Slice, decoded
from review.importing.records import Kind, Record
from review.importing.sources import LoneFile, Source


class Native:
    name = "native"

    def documents(self, source: Source) -> list[str]:
        if isinstance(source, LoneFile):
            return source.documents()
        found = set(source.documents())
        wanted = [
            next((name for name in (f"{stem}.jsonl", f"{stem}.json") if name in found), "")
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
