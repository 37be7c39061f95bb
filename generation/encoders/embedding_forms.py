"""How servers want to be asked for vectors: the request for some texts or images, in each form.

`input` is OpenAI's own, a list of texts, which all servers take. Images have no common form:

- `messages` as vLLM takes them (docs.vllm.ai, Embedding Usages): one picture to a request, through
  the model's own chat template;
- `objects` as Jina and SGLang take them: `input` is a list of `{"image": base64}`;
- `modality` as Infinity takes them: `input` is a list of data URLs, with `"modality": "image"`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from generation.calls.embedding import VectorsWanted
from generation.seeing import redacted

CAPTIONS, MESSAGES, OBJECTS, MODALITY = "captions", "messages", "objects", "modality"
INPUT = "input"
IMAGES = (CAPTIONS, MESSAGES, OBJECTS, MODALITY)
TEXTS = (INPUT, MESSAGES)
# How many texts or images go into one request where the settings do not say.
TEXTS_AT_ONCE, IMAGES_AT_ONCE = 64, 16
# Of what differs between settings these change no vector.
HARMLESS = ("batch",)
# As of UTF-8 bytes to a token: fewer than any language has on average, so that texts are rather
# cut too early than sent too long.
BYTES_PER_TOKEN = 3


@dataclass(frozen=True)
class EmbeddingSettings:
    """What a retriever says of how a server is asked.

    `images`: what stands for an image, its caption or its pixels in one of three forms. `texts`:
    as `input`, or as `messages`, where the model's chat template must see them. A prefix stands
    before each query, or caption; `instruction` is the system message of `messages`. Parameters go
    into each request for queries or images, beside those of the endpoint. `longest_side` is that of
    pictures as they are sent, in pixels.
    """

    images: str = CAPTIONS
    texts: str = INPUT
    dimensions: int | None = None
    batch: int | None = None
    longest_side: int = 512
    query_prefix: str = ""
    document_prefix: str = ""
    instruction: str = ""
    query_parameters: Mapping[str, Any] = field(default_factory=dict)
    document_parameters: Mapping[str, Any] = field(default_factory=dict)
    most_tokens: int | None = None
    most_characters: int | None = None

    def as_kept(self) -> dict[str, Any]:
        """What differs from the defaults: a setting that comes later changes no hash."""
        usual = asdict(EmbeddingSettings())
        return {name: value for name, value in asdict(self).items() if value != usual[name]}

    def changing(self) -> dict[str, Any]:
        """What of it changes vectors."""
        return {name: v for name, v in self.as_kept().items() if name not in HARMLESS}

    @property
    def texts_at_once(self) -> int:
        return 1 if self.texts == MESSAGES else self.batch or TEXTS_AT_ONCE

    @property
    def images_at_once(self) -> int:
        if self.images == CAPTIONS:
            return self.texts_at_once
        return 1 if self.images == MESSAGES else self.batch or IMAGES_AT_ONCE

    def fitted(self, text: str) -> str:
        """A text up to the limits that are known: cut at its end, as models cut."""
        if self.most_characters is not None:
            text = text[: self.most_characters]
        if self.most_tokens is not None:
            bytes_of_it = text.encode("utf-8", "replace")[: self.most_tokens * BYTES_PER_TOKEN]
            text = bytes_of_it.decode("utf-8", "ignore")
        return text

    def query(self, text: str) -> str:
        return self.fitted(self.query_prefix + text)

    def document(self, caption: str) -> str:
        return self.fitted(self.document_prefix + caption)


class Forms:
    """The requests for vectors by one retriever; `extra` are its endpoint's own parameters."""

    def __init__(self, settings: EmbeddingSettings, extra: Mapping[str, Any]) -> None:
        self._settings = settings
        self._extra = extra

    def queries(self, texts: Sequence[str], dimensions: int | None) -> VectorsWanted:
        """`texts` with their prefix, as many as go into one request."""
        return self._texts(texts, self._settings.query_parameters, dimensions)

    def captions(self, captions: Sequence[str], dimensions: int | None) -> VectorsWanted:
        return self._texts(captions, self._settings.document_parameters, dimensions)

    def pictures(self, urls: Sequence[str], dimensions: int | None) -> VectorsWanted:
        """Images as data URLs, as many as go into one request."""
        asked = self._asked(urls)
        body = self._body(asked, self._settings.document_parameters)
        kept = self._body(_kept(asked), self._settings.document_parameters)
        return VectorsWanted(body, kept, len(urls), len(urls), dimensions)

    def _texts(
        self, texts: Sequence[str], parameters: Mapping[str, Any], dimensions: int | None
    ) -> VectorsWanted:
        if self._settings.texts == MESSAGES:
            body = self._body(self._messages([_text(texts[0])]), parameters)
        else:
            body = self._body({"input": list(texts)}, parameters)
        return VectorsWanted(body, body, len(texts), dimensions=dimensions)

    def _asked(self, urls: Sequence[str]) -> dict[str, Any]:
        if self._settings.images == MESSAGES:
            shown = {"type": "image_url", "image_url": {"url": urls[0]}}
            said = [_text(self._settings.document_prefix)] if self._settings.document_prefix else []
            return self._messages([shown, *said])
        if self._settings.images == OBJECTS:
            # Bare, as Jina's own clients send it: a data URL is not taken everywhere.
            return {"input": [{"image": url.partition("base64,")[2]} for url in urls]}
        return {"input": list(urls), "modality": "image"}

    def _messages(self, content: list[dict[str, Any]]) -> dict[str, Any]:
        told = self._settings.instruction
        system = [{"role": "system", "content": [_text(told)]}] if told else []
        # vLLM goes on with the last message where it is told to: that of a model which reads its
        # vector off where the answer would begin, such as Qwen3-VL-Embedding.
        goes_on = self._extra.get("continue_final_message")
        begun = [{"role": "assistant", "content": [_text("")]}] if goes_on else []
        return {"messages": [*system, {"role": "user", "content": content}, *begun]}

    def _body(self, asked: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
        wanted = self._settings.dimensions
        size = {"dimensions": wanted} if wanted else {}
        return {**self._extra, **parameters, **size, **asked}


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _kept(asked: dict[str, Any]) -> dict[str, Any]:
    """The same with pictures by their checksum."""
    if "messages" in asked:
        return redacted(asked)
    return {**asked, "input": [_digest(one) for one in asked["input"]]}


def _digest(one: str | dict[str, str]) -> str | dict[str, str]:
    content = one["image"] if isinstance(one, dict) else one
    digest = f"sha256:{hashlib.sha256(content.encode()).hexdigest()}; {len(content)} characters"
    return {"image": digest} if isinstance(one, dict) else digest
