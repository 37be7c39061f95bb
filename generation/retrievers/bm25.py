"""BM25 over captions: needs no model and no download.

Scores as in Lucene (Kamphuis et al. 2020, "Which BM25 Do You Mean?"), by the `bm25s` library.
"""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import regex

from generation.models import ConfiguredRetriever
from generation.retrievers.protocol import Corpus, Queries, Scores
from generation.retrievers.scored import ScoredIndex
from generation.retrievers.settings import refuse_unknown
from generation.retrievers.texts import Places, SortedTexts
from review.wording import tokens

if TYPE_CHECKING:
    import bm25s

# Asked of what is installed: the library itself brings scipy, and is imported where it is used.
RELEASE = version("bm25s")
K1 = 1.5
B = 0.75
METHOD = "lucene"
WORDS_KNOWN = 10_000
HAN = regex.compile(r"\p{Han}")
GRAPHEME = regex.compile(r"\X")
# Its tokens stand for the behaviour of the tokenizer and of the Unicode tables beneath it.
PROBE = (
    "An old lighthouse's lamp-room, 4.5 m, on a cloudy day. Ein Leuchtturm über der Küste. "
    "Старый маяк у моря. منارة قديمة على الشاطئ. पुराना प्रकाशस्तंभ. 曇りの日の灯台の写真. "
    "阴天的旧灯塔. ประภาคารเก่าในวันที่มีเมฆมาก. 흐린 날의 등대. ប៉មភ្លើងហ្វារចាស់"
)


def terms(text: str) -> list[str]:
    """What is matched: words as they compare, and pieces of words of scripts without spaces."""
    return [term for word in tokens.words(text) for term in _terms_of(word)]


def _terms_of(word: tokens.Word) -> Iterator[str]:
    """A spaced word is one term.

    Segmenters cut the same phrase differently in a caption and in a query; so words of scripts
    without spaces also match by pairs of characters, and Chinese characters one by one.
    """
    if not tokens.unspaced(word.text):
        yield word.key
        return
    characters = GRAPHEME.findall(word.key)
    if len(characters) > 2:
        yield word.key
    yield from (first + second for first, second in pairwise(characters))
    yield from (character for character in characters if _stands_alone(character, len(characters)))


def _stands_alone(character: str, length: int) -> bool:
    return length == 1 or bool(HAN.match(character))


class Bm25Index(ScoredIndex):
    """Captioned images of one corpus, ready for search: in memory, or mapped from disk."""

    def __init__(
        self,
        image_ids: SortedTexts,
        uncaptioned: SortedTexts,
        vocabulary: SortedTexts,
        engine: "bm25s.BM25 | None",
    ) -> None:
        self.image_ids = image_ids
        self.places = Places(image_ids)
        self._uncaptioned = uncaptioned
        self._vocabulary = vocabulary
        # Most words of a query are in many others: to look each up took as long as to score them.
        self._number = lru_cache(WORDS_KNOWN)(vocabulary.place)
        self._engine = engine

    @classmethod
    def of(cls, corpus: Corpus) -> Self:
        captions = dict(zip(corpus.image_ids, corpus.captions, strict=True))
        image_ids = SortedTexts.of(image_id for image_id, text in captions.items() if text.strip())
        uncaptioned = SortedTexts.of(captions.keys() - set(image_ids))
        documents = [terms(captions[image_id]) for image_id in image_ids]
        vocabulary = SortedTexts.of({term for document in documents for term in document})
        return cls(image_ids, uncaptioned, vocabulary, _engine(documents, vocabulary))

    @classmethod
    def load(cls, folder: Path) -> Self:
        vocabulary = SortedTexts.load(folder, "vocabulary")
        return cls(
            image_ids=SortedTexts.load(folder, "images"),
            uncaptioned=SortedTexts.load(folder, "uncaptioned"),
            vocabulary=vocabulary,
            engine=_library().BM25.load(folder, mmap=True, load_vocab=False)
            if vocabulary
            else None,
        )

    def save(self, folder: Path) -> None:
        self.image_ids.save(folder, "images")
        self._uncaptioned.save(folder, "uncaptioned")
        self._vocabulary.save(folder, "vocabulary")
        if self._engine is not None:
            self._engine.save(folder, show_progress=False)

    def scores(self, queries: Queries) -> Scores:
        rows = np.zeros((len(queries), len(self.image_ids)))
        if self._engine is None:
            return rows
        for row, text in zip(rows, queries.texts, strict=True):
            known = [n for n in map(self._number, terms(text)) if n is not None]
            if known:
                row[:] = self._engine.get_scores_from_ids(known)
        return rows

    def why_not(self, image_id: str) -> str:
        if image_id in self.places or self._uncaptioned.place(image_id) is not None:
            return f"Image “{image_id}” has no caption, and bm25 searches captions."
        return f"Image “{image_id}” is not in the corpus."


@cache
def _library() -> Any:
    import bm25s  # noqa: PLC0415

    # It sets itself to tell of every index it builds.
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    return bm25s


def _opened(folder: Path) -> "bm25s.BM25":
    engine: bm25s.BM25 = _library().BM25.load(folder, mmap=True, load_vocab=False)
    return engine


def _engine(documents: Sequence[Sequence[str]], vocabulary: SortedTexts) -> "bm25s.BM25 | None":
    """The library's index; None where no caption holds a word."""
    if not vocabulary:
        return None
    # 64 bits, so that equal scores stay within the tolerance of a tie.
    engine = _library().BM25(k1=K1, b=B, method=METHOD, dtype="float64")
    numbers = {term: number for number, term in enumerate(vocabulary)}
    numbered = [[numbers[term] for term in document] for document in documents]
    engine.index((numbered, numbers), create_empty_token=False, show_progress=False)
    # Its own vocabulary is a dictionary, which it would write and read as a whole.
    engine.vocab_dict = {}
    return engine


class Bm25:
    """Word matching against captions."""

    kind = "bm25"
    version = f"bm25s {RELEASE}"
    is_light = True

    def __init__(self, name: str = "bm25") -> None:
        self.name = name

    @classmethod
    def of(cls, configured: ConfiguredRetriever) -> Self:
        return cls(configured.name)

    @staticmethod
    def settings(given: Mapping[str, Any]) -> dict[str, Any]:
        """It has none: raises `Invalid` for any."""
        refuse_unknown(given, known=())
        return {}

    @property
    def hash(self) -> str:
        return fingerprint()

    def queries(self, texts: Sequence[str]) -> Queries:
        return Queries.plain(texts)

    def longest_fitting(self, texts: Sequence[str]) -> int:
        return len(texts) - 1

    def index(self, corpus: Corpus) -> Bm25Index:
        return Bm25Index.of(corpus)

    def load(self, folder: Path) -> Bm25Index:
        return Bm25Index.load(folder)


@cache
def fingerprint() -> str:
    """SHA-256 of the parameters, the library's version and what the tokenizer does."""
    parts = {"k1": K1, "b": B, "method": METHOD, "bm25s": RELEASE}
    recipe = {**parts, "name": Bm25.kind, "terms": terms(PROBE)}
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()
