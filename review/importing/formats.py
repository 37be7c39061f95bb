"""The formats that import reads, by name. A new one is a file beside this and a line here."""

from collections.abc import Iterator
from typing import Any, Protocol

from review.errors import Invalid
from review.importing.canard import Canard
from review.importing.curated import Curated
from review.importing.mmdialog import MMDialog
from review.importing.native import Native
from review.importing.photochat import PhotoChat
from review.importing.qrecc import QReCC
from review.importing.reading import Slice
from review.importing.records import Kind, Record
from review.importing.sources import Source
from review.importing.visdial import VisDial


class Format(Protocol):
    """Turns one slice of a document into records in native form.

    `title` is for people, `name` for commands and addresses: `/help/formats-<name>/` shows it.
    """

    name: str
    title: str

    def fits(self, value: dict[str, Any]) -> bool:
        """Whether a record, by its fields, is of this format."""

    def documents(self, source: Source) -> list[str]:
        """The documents to read, in order: images before the dialogues that show them.

        Raises `Invalid` where the source has none of this format.
        """

    def kind(self, document: str) -> Kind:
        """What a slice of this document counts as where it cannot be read."""

    def records(self, document: str, found: Slice) -> Iterator[Record]:
        """The records of one slice. Raises `Rejected` where there is none to be had."""


# A curated line is a native one with more: who recognises asks in this order.
_ALL = (Curated(), Native(), VisDial(), PhotoChat(), MMDialog(), QReCC(), Canard())
FORMATS: dict[str, Format] = {format.name: format for format in _ALL}


def format_named(name: str) -> Format:
    if name not in FORMATS:
        raise Invalid(f"There is no format “{name}”. Choose one of {', '.join(FORMATS)}.")
    return FORMATS[name]
