"""Format `curated`: our own curated JSONL, as a release holds it.

Rewrites come back as candidates with their authors and judgements, a reviewer's under the
pseudonym that the release gave. What was decided and measured is kept in the metadata, under
`curated`: the dialogue is open for review again, also where a certificate approved it, for that is
of another dataset's judges. Images that a line names are declared with it, since a release does not
hold their records; an `images.jsonl` beside it describes them.
"""

from collections.abc import Iterator
from typing import Any

from review.importing.documents import record_documents
from review.importing.fields import implied_image
from review.importing.native import Native
from review.importing.reading import Slice, decoded, named_type
from review.importing.records import Kind, Record, Rejected
from review.importing.sources import Source
from review.models.candidates import text_key

_NOTED = [
    "final_query",
    "rewrite",
    "verdict",
    *("waves", "certificate"),
    "references",
    "decisions",
    "retrieval",
    *("traits", "rank_spread", "words", "supports"),
    "relevant_images",
    "judged_images",
    "split",
]


class Curated(Native):
    name = "curated"
    title = "Curated JSONL and releases"

    def fits(self, value: dict[str, Any]) -> bool:
        return {"turns", "rewrite", "verdict"} <= value.keys()

    def documents(self, source: Source) -> list[str]:
        """Descriptions of images first; a manifest in plain JSON is none of the lines."""
        found = record_documents(source)
        images = [name for name in found if self.kind(name) == Kind.IMAGE]
        lines = [name for name in found if name not in images]
        return [*images, *([n for n in lines if ".jsonl" in n.lower()] or lines)]

    def records(self, document: str, found: Slice) -> Iterator[Record]:
        if self.kind(document) == Kind.IMAGE:
            yield from super().records(document, found)
            return
        line = decoded(found)
        dialogue = {name: value for name, value in line.items() if name not in _NOTED}
        dialogue["candidates"] = _candidates(line)
        dialogue["metadata"] = _metadata(line)
        implied = [
            implied_image({"id": image}, {"id": field}, document, found.line)
            for image, field in _images(line).items()
        ]
        yield Record(Kind.DIALOGUE, dialogue, document, found.line, implied=implied)


def _candidates(line: dict[str, Any]) -> Any:
    """Its candidates, the rewrite among them. What is no candidate is left to the rules."""
    came, rewrite = line.get("candidates") or [], line.get("rewrite")
    if rewrite is not None and type(rewrite) is not str:
        raise Rejected("rewrite", f"rewrite is text, this is {named_type(rewrite)}")
    if type(came) is not list:
        return came
    found = [_without_choice(entry) for entry in came]
    texts = {_key(entry) for entry in found}
    if rewrite and rewrite.strip() and text_key(rewrite) not in texts:
        found.append({"text": rewrite, "author": _editor(line)})
    return found


def _without_choice(candidate: Any) -> Any:
    """A candidate without the mark of the chosen one, which `rewrite` tells already."""
    if type(candidate) is not dict:
        return candidate
    return {name: value for name, value in candidate.items() if name != "chosen"}


def _key(candidate: Any) -> str:
    text = candidate.get("text") if type(candidate) is dict else None
    return text_key(text) if type(text) is str else ""


def _editor(line: dict[str, Any]) -> str:
    """The pseudonym of who wrote a rewrite that is no candidate: the last one who edited."""
    decisions = line.get("decisions")
    for decision in reversed(decisions if type(decisions) is list else []):
        if type(decision) is dict and decision.get("verdict") == "edit":
            reviewer = decision.get("reviewer")
            return reviewer if type(reviewer) is str and reviewer else "unknown"
    return "unknown"


def _metadata(line: dict[str, Any]) -> Any:
    """Its metadata with what was decided and measured beside it; an earlier note stays inside."""
    came = line.get("metadata")
    if came is not None and type(came) is not dict:
        return came
    came = dict(came or {})
    note = {name: line[name] for name in _NOTED if name in line}
    if "curated" in came:
        note["before"] = came.pop("curated")
    return {**came, "curated": note} if note else came


def _images(line: dict[str, Any]) -> dict[str, str]:
    """The images that a line names, each with the field that names it first; what is no id is left
    to the rules."""
    turns = line.get("turns")
    turns = turns if type(turns) is list else []
    listed = {f"turns[{n}].images": t.get("images") for n, t in enumerate(turns) if type(t) is dict}
    listed["target_images"] = line.get("target_images")
    found: dict[str, str] = {}
    for name, images in listed.items():
        for place, image in enumerate(images if type(images) is list else []):
            if type(image) is str and image.strip():
                found.setdefault(image, f"{name}[{place}]")
    return found
