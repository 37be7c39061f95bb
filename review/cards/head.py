"""What the Hugging Face Hub reads of a card, in YAML at its top."""

import json
from typing import Any

# Up to how many lines, by the Hub's names.
_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
_MORE = "10M<n<100M"


def head(manifest: dict[str, Any], file: str) -> str:
    """Between its marks. Every text is quoted as in JSON, which YAML reads as it is."""
    lines = [
        f"pretty_name: {_quoted(manifest.get('title') or manifest['dataset'])}",
        *_several("language", sorted(filter(None, manifest.get("languages", {})))),
        # No dataset says under which licence its dialogues and pictures stand.
        "license: unknown",
        *_several("size_categories", [_size(manifest["dialogues"])]),
        *_several("task_categories", ["text-generation", "text-retrieval"]),
        *_several("tags", ["conversational-query-rewriting", "image-retrieval", "recqr"]),
        "configs:",
        "- config_name: default",
        f"  data_files: {_quoted(file)}",
    ]
    return "\n".join(["---", *lines, "---"])


def _several(name: str, values: list[str]) -> list[str]:
    return [f"{name}:", *(f"- {_quoted(value)}" for value in values)] if values else []


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _size(lines: int) -> str:
    return next((name for below, name in _SIZES if lines < below), _MORE)
