"""Bodies of requests: JSON, within bounds."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from review.api.problems import TooLarge

LARGEST_BODY = 256 * 1024


class BoundedJSONParser(JSONParser):
    """JSON of at most `LARGEST_BODY` bytes; the framework's own would read any amount."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        length = int((parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0)
        if length > LARGEST_BODY:
            raise TooLarge(f"The body has {length:,} bytes, the most is {LARGEST_BODY:,}.")
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deeply.") from error
