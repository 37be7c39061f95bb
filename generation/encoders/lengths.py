"""The limit of a model: which texts it cuts, and the longest of several that it does not."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def cut(tokenizer: "Tokenizer", texts: Sequence[str]) -> tuple[bool, ...]:
    """Of each text, whether it is longer than the model takes."""
    return tuple(bool(encoding.overflowing) for encoding in tokenizer.encode_batch(list(texts)))


def longest_fitting(tokenizer: "Tokenizer", texts: Sequence[str]) -> int:
    """Of texts, each longer than the one before, the place of the last that is not cut; else 0."""
    fitting = bisect_left(texts, True, key=lambda text: cut(tokenizer, [text])[0])
    return max(0, fitting - 1)
