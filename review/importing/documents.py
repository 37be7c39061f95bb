"""Which documents of a source hold records, and what they are called without their endings."""

from review.errors import Invalid
from review.importing.sources import LoneFile, Source

_ENDINGS = (".jsonl", ".ndjson", ".json")
_PACKED = ".gz"


def holds_records(document: str) -> bool:
    """Whether its name says that a document holds records, packed or plain."""
    return document.lower().removesuffix(_PACKED).endswith(_ENDINGS)


def stem(document: str) -> str:
    """`Set_A` of `Set_A.json` and `Set_A.jsonl.gz`."""
    plain = document[: -len(_PACKED)] if document.lower().endswith(_PACKED) else document
    return plain.rpartition(".")[0] or plain


def record_documents(source: Source) -> list[str]:
    """The documents of a source that hold records; a file imported alone may have any name.

    Raises `Invalid` where there is none.
    """
    found = source.documents()
    if not isinstance(source, LoneFile):
        found = [name for name in found if holds_records(name)]
    if not found:
        raise Invalid(
            f"{source.name} has neither dialogues.jsonl nor images.jsonl nor any other .jsonl or "
            ".json file at its top, plain or packed as .gz. Name the folder that holds them."
        )
    return found
