"""The formats that import reads, by name. A new one is a file beside this and a line here."""

from collections.abc import Iterator
from typing import Protocol

from review.errors import Invalid
from review.importing.native import Native
from review.importing.reading import Slice
from review.importing.records import Kind, Record
from review.importing.sources import Source
from review.importing.visdial import VisDial


class Format(Protocol):
    """Turns one slice of a document into records in native form."""

    name: str

    def documents(self, source: Source) -> list[str]:
        """The documents to read, in order: images before the dialogues that show them.

        Raises `Invalid` where the source has none of this format.
        """

    def kind(self, document: str) -> Kind:
        """What a slice of this document counts as where it cannot be read."""

    def records(self, document: str, found: Slice) -> Iterator[Record]:
        """The records of one slice. Raises `Rejected` where there is none to be had."""


FORMATS: dict[str, Format] = {f.name: f for f in (Native(), VisDial())}


def format_named(name: str) -> Format:
    if name not in FORMATS:
        raise Invalid(f"There is no format “{name}”. Choose one of {', '.join(FORMATS)}.")
    return FORMATS[name]
