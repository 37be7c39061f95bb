"""Format `visdial`: one JSON array of an image name and the lines of a dialogue about it.

    [{"img": "val2014/000000185565.jpg",
      "dialog": ["a bedroom with posters", "is it daytime? yes", "any people? no"]}, ...]

The first line is the user's description and the image's caption. Each other line is a question of
the assistant, up to the first "?", and the user's answer. The image is the target.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from review.importing.documents import record_documents, stem
from review.importing.reading import Slice, decoded, named_type
from review.importing.records import Kind, Record, Rejected
from review.importing.sources import Source
from review.turns import Role, Turn


class VisDial:
    name = "visdial"
    title = "VisDial and ChatIR"

    def fits(self, value: dict[str, Any]) -> bool:
        return {"img", "dialog"} <= value.keys()

    def documents(self, source: Source) -> list[str]:
        return record_documents(source)

    def kind(self, document: str) -> Kind:
        return Kind.DIALOGUE

    def records(self, document: str, found: Slice) -> Iterator[Record]:
        item = decoded(found)
        name, lines = _name(item), _lines(item)
        image_id = PurePosixPath(name).stem
        image = Record(
            Kind.IMAGE, {"id": image_id, "file": name, "caption": lines[0]}, document, found.line
        )
        dialogue = {
            "id": f"{stem(document)}-{image_id}",
            "turns": turns_of(lines),
            "target_images": [image_id],
            "metadata": {key: item[key] for key in item if key not in {"img", "dialog"}},
        }
        yield Record(Kind.DIALOGUE, dialogue, document, found.line, implied=[image])


def turns_of(lines: list[str]) -> list[Turn]:
    """The turns of a dialogue; neighbours by the same speaker are one turn, in two lines."""
    turns: list[Turn] = []
    for role, text in _said(lines):
        if turns and turns[-1]["role"] == role:
            turns[-1]["text"] += f"\n{text}"
        else:
            turns.append({"role": role, "text": text})
    while turns and turns[-1]["role"] != "user":
        turns.pop()
    return turns


def _said(lines: list[str]) -> Iterator[tuple[Role, str]]:
    yield "user", lines[0]
    for line in lines[1:]:
        question, mark, answer = line.partition("?")
        if mark:
            yield "assistant", f"{question.strip()}?"
            if answer.strip():
                yield "user", answer.strip()
        elif line.strip():
            yield "user", line.strip()


def _name(item: dict[str, Any]) -> str:
    name = item.get("img")
    if not isinstance(name, str) or not PurePosixPath(name).stem:
        raise Rejected("img", f"the image's name is text, this is {named_type(name)}")
    return name


def _lines(item: dict[str, Any]) -> list[str]:
    lines = item.get("dialog")
    if not isinstance(lines, list) or not lines:
        raise Rejected("dialog", "the dialogue is a list of lines that is not empty")
    for place, line in enumerate(lines):
        if not isinstance(line, str):
            raise Rejected(f"dialog[{place}]", f"a line is text, this is {named_type(line)}")
    return lines
