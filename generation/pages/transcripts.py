"""A call's request and reply as a person reads them: who says what, data as lists, pictures.

What went over the wire comes from models and servers, and may be anything: nothing of its form is
taken for granted, and what is not understood is shown as it is.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from generation.calls.replies import json_in
from generation.models import Call
from generation.seeing import ImageSettings, encoded
from review.errors import ReviewError
from review.models import Image

# As `prompts.fenced` writes it.
FENCE = re.compile(
    r"^<(?P<name>[\w-]+) (?P<mark>[0-9a-f]{16})>\n(?P<body>.*?)\n</(?P=name) (?P=mark)>$",
    re.DOTALL | re.MULTILINE,
)
CHECKSUM = re.compile(r"sha256:([0-9a-f]{64})")
# A reply may be nested as deep as a model likes; below this it is shown as text.
DEEPEST = 8
# Read one by one to know their checksums.
MOST_PICTURES = 64


@dataclass(frozen=True)
class Data:
    """A JSON value to be laid out: an object or a list by its entries, all else by its text."""

    kind: str
    text: str = ""
    entries: list[tuple[str, "Data"]] = field(default_factory=list)


@dataclass(frozen=True)
class Piece:
    """A part of a message: words, fenced data under its name, or a picture.

    `image` is None where a picture is not among those of the dialogue any more.
    """

    kind: str
    text: str = ""
    data: Data | None = None
    image: Image | None = None


@dataclass(frozen=True)
class Message:
    role: str
    pieces: list[Piece]


@dataclass(frozen=True)
class Reply:
    """What a server's answer says; without `data` and `text` it is no chat completion."""

    data: Data | None = None
    text: str = ""
    ended: str = ""


@dataclass(frozen=True)
class Transcript:
    """`settings` are what a request holds besides its messages."""

    messages: list[Message]
    settings: list[tuple[str, str]]
    reply: Reply | None


def transcript(call: Call, pictures: Mapping[str, Image]) -> Transcript:
    request = call.request if isinstance(call.request, dict) else {}
    messages = request.get("messages")
    return Transcript(
        messages=[_message(one, pictures) for one in messages if isinstance(one, dict)]
        if isinstance(messages, list)
        else [],
        settings=list(_settings(request)),
        reply=_reply(call.reply) if call.reply else None,
    )


def pictures_of(call: Call) -> dict[str, Image]:
    """Images of the call's dialogue by the checksum under which the ledger keeps them.

    That is the checksum of the picture as it was sent: known by encoding it the same way again.
    """
    settings = call.run.parameters.get("images") if call.run else None
    wanted = set(CHECKSUM.findall(json.dumps(call.request)))
    if not (wanted and settings and call.item):
        return {}
    dialogue = call.item.dialogue
    names = [*dialogue.shown_images(), *dialogue.target_images]
    rows = Image.objects.current().filter(dataset=dialogue.dataset_id).named(names)
    sent = ImageSettings.from_json(settings)
    by_checksum = {_checksum(image, sent): image for image in rows[:MOST_PICTURES]}
    return {checksum: image for checksum, image in by_checksum.items() if checksum in wanted}


def _checksum(image: Image, settings: ImageSettings) -> str:
    try:
        return hashlib.sha256(encoded(image, settings)).hexdigest()
    except (ReviewError, OSError):
        return ""


def _message(said: dict[str, Any], pictures: Mapping[str, Image]) -> Message:
    content = said.get("content")
    parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
    pieces = [piece for part in parts for piece in _pieces(part, pictures)]
    return Message(str(said.get("role", "")), pieces)


def _pieces(part: Any, pictures: Mapping[str, Image]) -> Iterator[Piece]:
    if isinstance(part, dict) and part.get("type") == "image_url":
        yield _picture(json.dumps(part.get("image_url")), pictures)
    elif isinstance(part, dict) and isinstance(part.get("text"), str):
        yield from _text(part["text"])
    else:
        yield Piece("text", _dumped(part))


def _picture(reference: str, pictures: Mapping[str, Image]) -> Piece:
    found = CHECKSUM.search(reference)
    image = pictures.get(found[1]) if found else None
    return Piece("picture", found[1][:12] if found else reference[:200], image=image)


def _text(text: str) -> Iterator[Piece]:
    """The words and the fenced data of a text, in their order."""
    end = 0
    for fence in FENCE.finditer(text):
        yield from _words(text[end : fence.start()])
        end = fence.end()
        yield Piece("data", fence["name"], _parsed(fence["body"]))
    yield from _words(text[end:])


def _words(text: str) -> Iterator[Piece]:
    if text.strip():
        yield Piece("text", text.strip())


def _parsed(body: str) -> Data:
    try:
        return laid_out(json.loads(body))
    except (ValueError, RecursionError):
        return Data("text", body)


def laid_out(value: Any, depth: int = 0) -> Data:
    if depth < DEEPEST and isinstance(value, dict):
        named = _as_said(value).items()
        return Data("object", entries=[(str(k), laid_out(v, depth + 1)) for k, v in named])
    if depth < DEEPEST and isinstance(value, list):
        return Data("list", entries=[("", laid_out(inner, depth + 1)) for inner in value])
    return Data("text", value if isinstance(value, str) else _dumped(value))


def _as_said(value: dict[str, Any]) -> dict[str, Any]:
    """A turn with its role as the name of what it says, a reason with its score or choice."""
    for verdict in ("score", "better"):
        if value.keys() == {"reason", verdict}:
            return {str(value[verdict]): value["reason"]}
    if isinstance(value.get("role"), str) and "text" in value:
        others = {name: inner for name, inner in value.items() if name not in {"role", "text"}}
        return {value["role"]: value["text"], **others}
    return value


def _settings(request: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in request.items():
        if name == "response_format" and isinstance(value, dict):
            yield "answer", str(value.get("type", "")).replace("_", " ")
        elif name != "messages":
            yield name, value if isinstance(value, str) else _dumped(value)


def _reply(body: str) -> Reply:
    try:
        choice = json.loads(body)["choices"][0]
        message = choice["message"]
        content = message.get("content") or message.get("refusal") or ""
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Reply()
    ended = str(choice.get("finish_reason") or "")
    if not isinstance(content, str):
        return Reply(text=_dumped(content), ended=ended)
    try:
        return Reply(data=laid_out(json_in(content)), ended=ended)
    except (ValueError, RecursionError):
        return Reply(text=content, ended=ended)


def _dumped(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return str(value)
