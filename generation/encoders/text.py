"""Text models: images by their captions."""

from collections.abc import Sequence
from dataclasses import dataclass

from generation.encoders import engines, lengths
from generation.encoders.engines import Place, Reading, Source
from generation.encoders.protocol import Encoded, Picture


@dataclass(frozen=True)
class TextModel:
    """An `Encoder` of texts and captions. Some models want each begun by words of their own."""

    source: Source
    query_prefix: str = ""
    passage_prefix: str = ""

    batch = 256

    def fingerprint(self) -> str:
        return self._place().fingerprint()

    def dimensions(self) -> int:
        return self._reading().dimensions

    def texts(self, texts: Sequence[str]) -> Encoded:
        model = self._reading()
        begun = [self.query_prefix + text for text in texts]
        return Encoded(model.queries(begun), lengths.cut(model.tokenizer, begun))

    def pictures(self, pictures: Sequence[Picture]) -> Encoded:
        model = self._reading()
        begun = [self.passage_prefix + picture.caption.strip() for picture in pictures]
        reasons = {
            place: f"Image “{picture.image_id}” has no caption, and this model reads captions."
            for place, picture in enumerate(pictures)
            if not picture.caption.strip()
        }
        return Encoded(model.items(begun), reasons=reasons)

    def longest_fitting(self, texts: Sequence[str]) -> int:
        begun = [self.query_prefix + text for text in texts]
        return lengths.longest_fitting(self._reading().tokenizer, begun)

    def _place(self) -> Place:
        return engines.place_of_text(self.source)

    def _reading(self) -> Reading:
        return engines.text_model(self._place())
