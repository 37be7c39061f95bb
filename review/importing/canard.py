"""Format `canard`: questions about an article with a rewrite by a person, text alone.

    [{"History": ["Albatross", "Breeding", "Where does it nest?", "On remote islands."],
      "Question": "How many eggs does it lay?", "Rewrite": "How many eggs does an albatross lay?",
      "QuAC_dialog_id": "C_69758fcd_1", "Question_no": 2}, ...]

The first two of the history are the article's title and the section's heading, which are no turns.
"""

from collections.abc import Iterator
from typing import Any

from review.importing.documents import record_documents
from review.importing.fields import metadata_of, name_of, texts_of
from review.importing.qrecc import asked, rewrites
from review.importing.reading import Slice, decoded
from review.importing.records import Kind, Record, Rejected
from review.importing.sources import Source

_USED = ["History", "Question", "Rewrite", "QuAC_dialog_id", "Question_no"]


class Canard:
    name = "canard"
    title = "CANARD"

    def fits(self, value: dict[str, Any]) -> bool:
        return {"History", "Question", "QuAC_dialog_id"} <= value.keys()

    def documents(self, source: Source) -> list[str]:
        return record_documents(source)

    def kind(self, document: str) -> Kind:
        return Kind.DIALOGUE

    def records(self, document: str, found: Slice) -> Iterator[Record]:
        item = decoded(found)
        history = texts_of(item, "History")
        if len(history) < 2:
            raise Rejected("History", "its first two entries are a title and a heading: give both")
        about = {"title": history[0], "heading": history[1]}
        turns, named = asked(item, "History", list(enumerate(history))[2:])
        dialogue = {
            "id": f"{name_of(item, 'QuAC_dialog_id')}-{name_of(item, 'Question_no')}",
            "turns": turns,
            "candidates": rewrites(item),
            "metadata": metadata_of(item, _USED, about),
        }
        named |= {"id": "QuAC_dialog_id", "candidates[0].text": "Rewrite"}
        yield Record(Kind.DIALOGUE, dialogue, document, found.line, named=named)
