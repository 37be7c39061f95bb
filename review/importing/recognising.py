"""Which format a source has, told from its first records: `--format auto`."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from review.errors import Invalid
from review.importing.documents import record_documents
from review.importing.formats import FORMATS, Format, format_named
from review.importing.reading import as_it_came, decoded, slices
from review.importing.records import Rejected
from review.importing.sources import Source

AUTO = "auto"
CHOICES = [AUTO, *FORMATS]
# How far we look for a record that tells: a few broken ones at the start do not hide a format.
_RECORDS = 20
_DOCUMENTS = 50
_FIELDS_SHOWN = 12


def chosen_format(name: str, source: Source) -> Format:
    """The format of that name, or with `auto` the one that the source has.

    Raises `Invalid` where there is no such format, or where none was recognised, and says why.
    """
    return recognised(source) if name == AUTO else format_named(name)


def recognised(source: Source) -> Format:
    """The format that the first records of a source have. Raises `Invalid` where none fits, or
    where documents differ.

    Where not one record can be read it is `native`: reading it names what is wrong with each.
    """
    firsts = {name: list(_first_records(source, name)) for name in _documents(source)}
    found = {name: _of(records) for name, records in firsts.items()}
    formats = list(dict.fromkeys(format for format in found.values() if format is not None))
    if _is_curated_with_images(formats):
        return FORMATS["curated"]
    if len(formats) > 1:
        raise Invalid(_why_several(source, found))
    if formats:
        return formats[0]
    strange = next((records[0] for records in firsts.values() if records), None)
    if strange is None or _is_native_by_name(source):
        return FORMATS["native"]
    raise Invalid(_why_none(source, strange))


def _documents(source: Source) -> list[str]:
    """Native documents alone where there are such: others beside them are not read."""
    if _is_native_by_name(source):
        return FORMATS["native"].documents(source)
    return record_documents(source)[:_DOCUMENTS]


def _is_native_by_name(source: Source) -> bool:
    try:
        names = FORMATS["native"].documents(source)
    except Invalid:
        return False
    return any(name.startswith("dialogues.") for name in names)


def _first_records(source: Source, document: str) -> Iterator[dict[str, Any]]:
    with source.open(document) as stream:
        for found in islice(slices(stream, document), _RECORDS):
            try:
                yield decoded(as_it_came(found, document)[0])
            except Rejected:
                continue


def _of(records: list[dict[str, Any]]) -> Format | None:
    """The first format that fits any of the first records."""
    fitting = (format for value in records for format in FORMATS.values() if format.fits(value))
    return next(fitting, None)


def _is_curated_with_images(formats: list[Format]) -> bool:
    """A release with the descriptions of its images beside it."""
    return {format.name for format in formats} == {"curated", "native"}


def _why_several(source: Source, found: dict[str, Format | None]) -> str:
    named = {format: name for name, format in reversed(found.items()) if format is not None}
    seen = ", ".join(f"{name} is {format.name}" for format, name in reversed(named.items()))
    return (
        f"{source.name} holds more than one format: {seen}. Import each file by itself, or name "
        "the one format to read."
    )


def _why_none(source: Source, value: dict[str, Any]) -> str:
    names = list(value)
    shown = ", ".join(name[:40] for name in names[:_FIELDS_SHOWN]) or "none"
    more = ", ..." if len(names) > _FIELDS_SHOWN else ""
    return (
        f"The format of {source.name} was not recognised: its first record has the fields {shown}"
        f"{more}. Tried {', '.join(FORMATS)}. Name the format, or shape the records as one of them."
    )
