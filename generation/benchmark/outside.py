"""Rewrites from outside: a file with the output of some rewriter, to be scored like our own."""

from pathlib import Path

from generation.benchmark.forms import Rewrites
from review.errors import Invalid
from review.importing.fields import name_of
from review.importing.reading import Readable, Slice, decoded, slices
from review.importing.records import Rejected
from review.rulings import LONGEST_REWRITE

# Of what is wrong so many lines are told at once.
MOST_TOLD = 10


def read_rewrites(path: Path) -> Rewrites:
    """The rewrites in a file of this machine. Raises `Invalid`, and `OSError` for a file that
    cannot be read."""
    with path.open("rb") as stream:
        return rewrites_in(stream, path.name)


def rewrites_in(stream: Readable, source: str) -> Rewrites:
    """Lines of `{"id", "text"}`, or one JSON array of such; other fields are passed over.

    `source` is what people call the file. Raises `Invalid` with every line that is no good.
    """
    texts: dict[str, str] = {}
    wrong: list[str] = []
    for found in slices(stream, source):
        try:
            _add(found, texts)
        except Rejected as error:
            wrong.append(f"line {found.line}: {error.reason}")
    if wrong:
        more = [f"and {len(wrong) - MOST_TOLD:,} more"] if len(wrong) > MOST_TOLD else []
        told = "; ".join([*wrong[:MOST_TOLD], *more])
        raise Invalid(f"{source}: {told}. Mend these lines and start again.", field="rewrites")
    if not texts:
        raise Invalid(
            f'{source} holds no rewrite: give a line {{"id": ..., "text": ...}} for each dialogue.',
            field="rewrites",
        )
    return Rewrites(source, texts)


def _add(found: Slice, texts: dict[str, str]) -> None:
    item = decoded(found)
    key = name_of(item, "id")
    text = item.get("text")
    if type(text) is not str or not text.strip():
        raise Rejected("text", "text is missing, empty, or no text")
    if len(text) > LONGEST_REWRITE:
        raise Rejected(
            "text", f"text has {len(text):,} characters, the most is {LONGEST_REWRITE:,}"
        )
    if key in texts:
        raise Rejected("id", f"id “{key}” is there twice")
    texts[key] = text.replace("\x00", "")
