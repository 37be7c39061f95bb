"""What models are told: versioned instructions, and dialogues fenced as data.

The text of a dialogue never stands among the instructions. It goes into the user message as JSON
between two marker lines that carry a hash of that very text: no text can hold its own hash, so none
can close the fence.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from django.db import transaction
from django.db.models import Max

from generation.calls.questions import Message
from generation.models import Prompt, PromptKind
from generation.showing import NOTHING, Shown
from review.errors import Invalid
from review.models import Dataset, Rubric, RubricCriterion, User
from review.models.rubrics import LEVELS
from review.permissions import check_can_administer
from review.turns import Turn

TEXTS = Path(__file__).with_name("prompt_texts")
LONGEST_PROMPT = 20_000
# What stands in a text for what is put in when it is sent.
PLACEHOLDERS = {
    PromptKind.REWRITE: "count",
    PromptKind.JUDGE: "rubric",
    PromptKind.COMPARE: "rubric",
}


def current(kind: PromptKind, dataset: Dataset) -> Prompt:
    """The version in use: the last that was saved for a dataset, else the shipped one."""
    return Prompt.objects.latest(kind, dataset) or shipped(kind)


def shipped(kind: PromptKind) -> Prompt:
    """The text of the code, entered as a new version whenever it changed."""
    text = (TEXTS / f"{kind}.md").read_text(encoding="utf-8")
    last = Prompt.objects.latest(kind, None)
    return last if last is not None and last.text == text else _add(kind, text, None, None)


def save(*, dataset: Dataset, kind: PromptKind, text: str, by: User | None = None) -> Prompt:
    """Puts a new version in use for a dataset; the text in use adds none. Raises `Invalid`."""
    if by is not None:
        check_can_administer(by, dataset)
    text = tidied(text)
    check(kind, text)
    now = current(kind, dataset)
    return now if now.text == text else _add(kind, text, dataset, by)


def tidied(text: str) -> str:
    """A text as it is kept: browsers send CRLF, and outer white space says nothing."""
    return text.replace("\r\n", "\n").replace("\x00", "").strip() + "\n"


def check(kind: PromptKind, text: str) -> None:
    """Raises `Invalid` for a text that could not do its work."""
    wanted = PLACEHOLDERS[kind]
    if not text.strip() or len(text) > LONGEST_PROMPT:
        raise Invalid(f"A prompt has 1 to {LONGEST_PROMPT:,} characters.", field="text")
    found = Template(text).get_identifiers()
    if wanted not in found:
        raise Invalid(f"The text needs ${wanted}: it stands for {_MEANING[wanted]}.", field="text")
    unknown = [name for name in found if name != wanted]
    if unknown:
        raise Invalid(
            f"Nothing is put in for ${unknown[0]}: this prompt knows ${wanted} alone. "
            "A dollar sign of your own is written $$.",
            field="text",
        )


_MEANING = {"count": "the number of rewrites asked for", "rubric": "the criteria with their levels"}


@transaction.atomic
def _add(kind: PromptKind, text: str, dataset: Dataset | None, by: User | None) -> Prompt:
    if dataset is not None:
        Dataset.objects.select_for_update().get(pk=dataset.pk)
    versions = Prompt.objects.filter(kind=kind, dataset=dataset)
    version = (versions.aggregate(last=Max("version"))["last"] or 0) + 1
    values = {"text": text, "hash": Prompt.hash_of(text), "by": by}
    prompt, _ = Prompt.objects.get_or_create(
        kind=kind, dataset=dataset, version=version, defaults=values
    )
    return prompt


def rewrite_messages(
    text: str,
    turns: Sequence[Turn],
    *,
    count: int,
    note: str = "",
    earlier: Sequence[str] = (),
    shown: Shown = NOTHING,
) -> list[Message]:
    """Asks for `count` rewrites; `note` and `earlier` are of a reviewer who asked for more."""
    parts = [_conversation(turns, shown)]
    if note or earlier:
        parts.append(fenced("reviewer", {"note": note, "rewrites that did not do": list(earlier)}))
    return _messages(text, parts, shown, count=str(count))


def judge_messages(
    text: str,
    turns: Sequence[Turn],
    rewrites: Mapping[str, str],
    *,
    rubric: Rubric,
    shown: Shown = NOTHING,
) -> list[Message]:
    """Asks about `rewrites`, {label: text}, in that order and without their authors."""
    parts = [_conversation(turns, shown), fenced("rewrites", dict(rewrites))]
    return _messages(text, parts, shown, rubric=rubric_in_words(rubric.parts))


def rubric_in_words(criteria: Sequence[RubricCriterion]) -> str:
    return "\n\n".join(map(_criterion_in_words, criteria))


def _criterion_in_words(criterion: RubricCriterion) -> str:
    levels = [f"{level}: {criterion.levels[level]}" for level in LEVELS]
    return "\n".join([f"**{criterion.key}**: {criterion.question}", *levels])


def fenced(name: str, data: Any) -> str:
    """`data` as JSON between marker lines that it cannot contain."""
    body = json.dumps(data, ensure_ascii=False, indent=1)
    mark = hashlib.sha256(body.encode("utf-8", "replace")).hexdigest()[:16]
    return f"<{name} {mark}>\n{body}\n</{name} {mark}>"


def _conversation(turns: Sequence[Turn], shown: Shown) -> str:
    said = [_said(turn, shown) for turn in turns]
    data: dict[str, Any] = {"turns": said[:-1], "final query": turns[-1]["text"]}
    if "images shown" in said[-1]:
        data["images shown with the final query"] = said[-1]["images shown"]
    if shown.target_caption:
        data["caption of the image that the user means"] = shown.target_caption
    return fenced("conversation", data)


def _said(turn: Turn, shown: Shown) -> dict[str, Any]:
    images = turn.get("images", [])
    told: Any = [shown.name_of(image) for image in images] if shown.pictures else len(images)
    return {"role": turn["role"], "text": turn["text"], **({"images shown": told} if told else {})}


def _messages(text: str, parts: list[str], shown: Shown, **values: str) -> list[Message]:
    instructions = Template(text).safe_substitute(values)
    data = "\n\n".join(parts)
    pictures = shown.parts()
    content: Any = [{"type": "text", "text": data}, *pictures] if pictures else data
    return [{"role": "system", "content": instructions}, {"role": "user", "content": content}]
