"""Format `qrecc`: questions in conversations with a rewrite by a person, text alone.

    [{"Context": ["What is an albatross?", "A large seabird."],
      "Question": "How long does it live?", "Rewrite": "How long does an albatross live?",
      "Conversation_no": 74, "Turn_no": 2, "Answer": "...", ...}, ...]

The context is the user's questions and the assistant's answers in turn; the rewrite becomes a
candidate by `human`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from review.importing.documents import record_documents
from review.importing.fields import joined, metadata_of, name_of, text_of, texts_of
from review.importing.reading import Slice, decoded
from review.importing.records import Kind, Record
from review.importing.sources import Source
from review.turns import Role, Turn

AUTHOR = "human"
_USED = ["Context", "Question", "Rewrite", "Conversation_no", "Turn_no"]


class QReCC:
    name = "qrecc"
    title = "QReCC"

    def fits(self, value: dict[str, Any]) -> bool:
        return {"Context", "Question", "Conversation_no"} <= value.keys()

    def documents(self, source: Source) -> list[str]:
        return record_documents(source)

    def kind(self, document: str) -> Kind:
        return Kind.DIALOGUE

    def records(self, document: str, found: Slice) -> Iterator[Record]:
        item = decoded(found)
        context = list(enumerate(texts_of(item, "Context")))
        turns, named = asked(item, "Context", context)
        dialogue = {
            "id": f"{name_of(item, 'Conversation_no')}-{name_of(item, 'Turn_no')}",
            "turns": turns,
            "candidates": rewrites(item),
            "metadata": metadata_of(item, _USED),
        }
        named |= {"id": "Conversation_no", "candidates[0].text": "Rewrite"}
        yield Record(Kind.DIALOGUE, dialogue, document, found.line, named=named)


def asked(
    item: dict[str, Any], name: str, before: Sequence[tuple[int, str]]
) -> tuple[list[Turn], dict[str, str]]:
    """The turns that end in `Question`, and what the source calls them; `before` is what was said
    in the list `name`, as (place, text): of a question and an answer in turn, the answer last.
    """
    said: list[tuple[Role, str, str]] = [
        ("assistant" if (len(before) - n) % 2 else "user", text, f"{name}[{place}]")
        for n, (place, text) in enumerate(before)
    ]
    question = text_of(item, "Question", "Question")
    turns, named = joined(said)
    turns.append({"role": "user", "text": question})
    return turns, {**named, f"turns[{len(turns) - 1}].text": "Question"}


def rewrites(item: dict[str, Any]) -> list[dict[str, str]]:
    """The rewrite as a candidate; none where the source has none for this question."""
    text = text_of(item, "Rewrite", "Rewrite")
    return [{"text": text, "author": AUTHOR}] if text.strip() else []
