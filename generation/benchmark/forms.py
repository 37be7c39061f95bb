"""The forms of a query that a benchmark searches with: which there are, and their texts."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from generation.checks.texts import history_text
from review.errors import Invalid
from review.importing.qrecc import AUTHOR as HUMAN_AUTHOR
from review.models import Candidate, Dialogue
from review.models.dialogues import DialogueQuerySet


class FormKind(StrEnum):
    """In the order in which they are told of."""

    FINAL_QUERY = "final-query"
    LAST_TURNS = "last-turns"
    HISTORY = "history"
    BEST = "best"
    FILE = "file"
    REWRITE = "rewrite"
    HUMAN = "human"
    FUSION = "fusion"
    CAPTION = "caption"
    RANDOM = "random"


# What no rewriter is measured by: nobody can do better, or need do worse.
BOUNDS = {FormKind.CAPTION: "upper", FormKind.RANDOM: "lower"}
# Of these the text is not frozen: it depends on the retriever, is two texts, or none.
WITHOUT_TEXT = {FormKind.LAST_TURNS, FormKind.FUSION, FormKind.RANDOM}
FINAL_QUERY, REWRITE = FormKind.FINAL_QUERY.value, FormKind.REWRITE.value
NAME = re.compile(r"[a-z0-9-]{1,64}")
# Of authors whose name has no letter that may stand in the name of a file.
NAMELESS = "rewriter"


@dataclass(frozen=True)
class Form:
    """`source` is the rewriter, or the file; `unknown` counts ids of the file that are none of
    the run's dialogues."""

    name: str
    kind: FormKind
    source: str = ""
    unknown: int = 0

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{**data, "kind": FormKind(data["kind"])})

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def bound(self) -> str:
        return BOUNDS.get(self.kind, "")


@dataclass(frozen=True)
class Rewrites:
    """A rewriter's output from outside: a text for each imported id of a dialogue."""

    source: str
    texts: dict[str, str] = field(default_factory=dict)


def available(dialogues: DialogueQuerySet, files: Mapping[str, Rewrites]) -> list[Form]:
    """Every form that at least one of the dialogues can have, in order. Raises `Invalid` for a
    file whose name is no name, or that of another form."""
    authors = _authors(dialogues)
    found = [Form(kind.value, kind) for kind in FormKind if kind not in {"best", "file", "human"}]
    found += [
        Form(name, FormKind.BEST, author) for author, name in _names(authors - {HUMAN_AUTHOR})
    ]
    if HUMAN_AUTHOR in authors:
        found.append(Form(FormKind.HUMAN.value, FormKind.HUMAN))
    _check_names(files, {form.name for form in found})
    found += [Form(name, FormKind.FILE, rewrites.source) for name, rewrites in files.items()]
    order = list(FormKind)
    return sorted(found, key=lambda form: (order.index(form.kind), form.name))


def chosen(there: Sequence[Form], names: Sequence[str]) -> list[Form]:
    """The forms that were asked for, or all; `best` stands for every rewriter's. What is compared
    is compared with the final query, which is always there. Raises `Invalid`."""
    if not names:
        return list(there)
    known = {form.name for form in there} | {FormKind.BEST.value}
    if unknown := [name for name in names if name not in known]:
        offered = ", ".join(form.name for form in there)
        raise Invalid(f"There is no form “{unknown[0]}”. There are: {offered}.", field="forms")
    wanted = {FINAL_QUERY, *names}
    every_best = FormKind.BEST.value in wanted
    return [
        form
        for form in there
        # A file was given to be scored.
        if form.name in wanted
        or form.kind == FormKind.FILE
        or (every_best and form.kind == FormKind.BEST)
    ]


def texts_of(
    dialogue: Dialogue,
    forms: Sequence[Form],
    captions: Mapping[str, str],
    files: Mapping[str, Rewrites],
) -> Iterator[tuple[str, str]]:
    """The texts of a dialogue by the names of their forms; a form without one is left out.

    `captions` are those of target images by id.
    """
    candidates = sorted(dialogue.candidates.all(), key=lambda one: one.pk)
    for form in forms:
        text = _text(form, dialogue, candidates, captions, files)
        if text is not None:
            yield form.name, text


def last_turns(turns: Sequence[str]) -> list[str]:
    """The final query, then with ever more of the turns before it, up to the full history."""
    return [_joined(turns[-count:]) for count in range(1, len(turns) + 1)]


def _text(
    form: Form,
    dialogue: Dialogue,
    candidates: Sequence[Candidate],
    captions: Mapping[str, str],
    files: Mapping[str, Rewrites],
) -> str | None:
    match form.kind:
        case FormKind.FINAL_QUERY:
            return dialogue.final_query
        case FormKind.HISTORY:
            return history_text(dialogue.turns)
        case FormKind.REWRITE:
            approved = dialogue.approved_candidate
            return approved.text if approved else None
        case FormKind.BEST:
            return _best(candidates, form.source)
        case FormKind.HUMAN:
            return next((c.text for c in candidates if HUMAN_AUTHOR in c.authors()), None)
        case FormKind.CAPTION:
            found = (captions.get(target, "") for target in dialogue.target_images)
            return next((caption for caption in found if caption.strip()), None)
        case FormKind.FILE:
            return files[form.name].texts.get(dialogue.external_id)
    return None


def _best(candidates: Sequence[Candidate], author: str) -> str | None:
    """A rewriter's candidate with the highest panel score, among equals the oldest."""
    own = [one for one in candidates if not one.reviewer_id and author in one.authors()]
    # Unscored ones come after all others.
    best = max(own, key=lambda one: (one.panel_score or 0.0, -one.pk), default=None)
    return best.text if best else None


def _authors(dialogues: DialogueQuerySet) -> set[str]:
    """Who wrote any of the candidates of dialogues, people at their places aside."""
    rows = Candidate.objects.proposed().filter(dialogue__in=dialogues)
    first = rows.order_by().values_list("author", flat=True).distinct()
    also = rows.exclude(also_by=[]).values_list("also_by", flat=True)
    return {*first, *(entry["author"] for entries in also for entry in entries)}


def _names(authors: Iterable[str]) -> Iterator[tuple[str, str]]:
    """`best-<rewriter>` for each; two that would be called the same are numbered."""
    taken: set[str] = set()
    for author in sorted(authors):
        plain = re.sub(r"[^a-z0-9]+", "-", author.lower()).strip("-")[:64] or NAMELESS
        name = f"best-{plain}"
        count = 1
        while name in taken:
            count += 1
            name = f"best-{plain}-{count}"
        taken.add(name)
        yield author, name


def _check_names(files: Mapping[str, Rewrites], taken: set[str]) -> None:
    for name in files:
        if not NAME.fullmatch(name):
            raise Invalid(
                f"“{name}” cannot name a form: use lower-case letters, digits and hyphens, 64 at "
                "most.",
                field="rewrites",
            )
        if name in taken or name in set(FormKind):
            raise Invalid(
                f"There is a form “{name}” already: give the file another name.", field="rewrites"
            )


def _joined(turns: Sequence[str]) -> str:
    return history_text([{"role": "user", "text": text} for text in turns])
