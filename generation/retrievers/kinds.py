"""The kinds of retrievers. A fusion makes its members by this table, and adds itself where the
package puts all of them together."""

from collections.abc import Mapping
from typing import Any, Protocol

from generation.models import ConfiguredRetriever, RetrieverKind
from generation.retrievers.bm25 import Bm25
from generation.retrievers.clip import Clip
from generation.retrievers.dense import Dense
from generation.retrievers.endpoint import EmbeddingsServer
from generation.retrievers.protocol import Retriever


class Kind(Protocol):
    """How retrievers of one kind come about."""

    def of(self, configured: ConfiguredRetriever) -> Retriever: ...

    def settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The settings as they are kept. Raises `Invalid` with what is wrong."""
        ...


KINDS: dict[str, Kind] = {
    RetrieverKind.BM25.value: Bm25,
    RetrieverKind.DENSE.value: Dense,
    RetrieverKind.CLIP.value: Clip,
    RetrieverKind.ENDPOINT.value: EmbeddingsServer,
}
