"""What models are told: versioned instructions, and dialogues fenced as data.

The text of a dialogue never stands among the instructions. It goes into the user message as JSON
between two marker lines that carry a hash of that very text: no text can hold its own hash, so none
can close the fence.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

from django.db import transaction
from django.db.models import Max

from generation.models import Prompt, PromptKind
from review.turns import Turn

TEXTS = Path(__file__).with_name("prompt_texts")

Message = dict[str, Any]


def current(kind: PromptKind) -> Prompt:
    """The version of the instructions that the code ships; a changed text is a new version."""
    text = (TEXTS / f"{kind}.md").read_text(encoding="utf-8")
    digest = Prompt.hash_of(text)
    found = Prompt.objects.filter(kind=kind, hash=digest).first()
    return found or _new_version(kind, text, digest)


@transaction.atomic
def _new_version(kind: PromptKind, text: str, digest: str) -> Prompt:
    last = Prompt.objects.filter(kind=kind).aggregate(last=Max("version"))["last"] or 0
    prompt, _ = Prompt.objects.get_or_create(
        kind=kind, hash=digest, defaults={"text": text, "version": last + 1}
    )
    return prompt


def rewrite_messages(
    prompt: Prompt, turns: Sequence[Turn], *, count: int, note: str, earlier: Sequence[str]
) -> list[Message]:
    """Asks for `count` rewrites; `note` and `earlier` are of a reviewer who asked for more."""
    parts = [fenced("conversation", _conversation(turns))]
    if note or earlier:
        parts.append(fenced("reviewer", {"note": note, "rewrites that did not do": list(earlier)}))
    return _messages(prompt, parts, count=str(count))


def judge_messages(prompt: Prompt, turns: Sequence[Turn], texts: dict[str, str]) -> list[Message]:
    """Asks for scores of `texts`, {label: rewrite}, in that order and without their authors."""
    parts = [fenced("conversation", _conversation(turns)), fenced("rewrites", texts)]
    return _messages(prompt, parts)


def fenced(name: str, data: Any) -> str:
    """`data` as JSON between marker lines that it cannot contain."""
    body = json.dumps(data, ensure_ascii=False, indent=1)
    mark = hashlib.sha256(body.encode()).hexdigest()[:16]
    return f"<{name} {mark}>\n{body}\n</{name} {mark}>"


def _conversation(turns: Sequence[Turn]) -> dict[str, Any]:
    said = [_said(turn) for turn in turns]
    return {"turns": said[:-1], "final query": turns[-1]["text"]}


def _said(turn: Turn) -> dict[str, Any]:
    images = len(turn.get("images", []))
    shown = {"images shown": images} if images else {}
    return {"role": turn["role"], "text": turn["text"], **shown}


def _messages(prompt: Prompt, parts: list[str], **values: str) -> list[Message]:
    instructions = Template(prompt.text).safe_substitute(values)
    return [
        {"role": "system", "content": instructions},
        {"role": "user", "content": "\n\n".join(parts)},
    ]
