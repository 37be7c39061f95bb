"""The schema that a request asks for, and values that fit it."""

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
# Where a server cannot be given a schema, the prompt shows it.
SHOWN = re.compile(r"^<schema>\n(.*?)\n</schema>$", re.MULTILINE | re.DOTALL)


def schema_of(request: dict[str, Any]) -> Schema:
    """The schema of the answer, from `response_format` or the system message; {}: there is none."""
    wanted = request.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        found: Schema = wanted["json_schema"]["schema"]
        return found
    for message in request.get("messages", []):
        if message["role"] in ("system", "developer") and (shown := SHOWN.search(_text(message))):
            return dict(json.loads(shown[1]))
    return {}


def _text(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content)


class Values:
    """Makes values that fit a JSON schema; texts are all different."""

    def __init__(self) -> None:
        self._numbers: Iterator[int] = itertools.count(1)

    def fitting(self, schema: Schema, defs: dict[str, Schema]) -> Any:
        if "$ref" in schema:
            return self.fitting(defs[schema["$ref"].rpartition("/")[2]], defs)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][next(self._numbers) % len(schema["enum"])]
        for several in ("anyOf", "oneOf", "allOf"):
            if several in schema:
                return self.fitting(schema[several][0], defs)
        return self._of_type(schema, defs)

    def _of_type(self, schema: Schema, defs: dict[str, Schema]) -> Any:
        kind = schema.get("type")
        if kind == "object":
            fields = schema.get("properties", {})
            return {name: self.fitting(one, {**defs, **_defs(one)}) for name, one in fields.items()}
        if kind == "array":
            count = schema.get("maxItems", schema.get("minItems", 1))
            return [self.fitting(schema["items"], defs) for _ in range(count)]
        if kind in ("integer", "number"):
            return self._number(schema)
        plain = {"boolean": True, "null": None}
        text = f"a lighthouse under clouds, number {next(self._numbers)}"
        return plain.get(str(kind), text)

    def _number(self, schema: Schema) -> int:
        least = int(schema.get("minimum", 1))
        most = int(schema.get("maximum", least))
        return least + next(self._numbers) % (most - least + 1)


def _defs(schema: Schema) -> dict[str, Schema]:
    return dict(schema.get("$defs", {}))
