"""A prompt on a dialogue: the very messages that a model would be sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from generation import prompts
from generation.calls.questions import Message
from generation.models import PromptKind
from review import rubrics
from review.errors import Missing
from review.models import Candidate, Dataset, Dialogue

# As many rewrites as a run asks for unless told otherwise.
COUNT = 4
PAIR = 2


@dataclass(frozen=True)
class Preview:
    """The messages about one dialogue; images go with them only where a run says so."""

    dialogue: Dialogue
    system: str
    user: str


def preview(*, dataset: Dataset, kind: PromptKind, text: str, external_id: str = "") -> Preview:
    """`text` on a dialogue, by default the first that has what it takes.

    Raises `Invalid` for a text that could not do its work, `Missing` where no dialogue will do.
    """
    text = prompts.tidied(text)
    prompts.check(kind, text)
    dialogue = _dialogue(dataset, kind, external_id)
    system, user = _messages(dataset, kind, text, dialogue)
    return Preview(dialogue, str(system["content"]), str(user["content"]))


def _messages(
    dataset: Dataset, kind: PromptKind, text: str, dialogue: Dialogue
) -> Sequence[Message]:
    if kind == PromptKind.REWRITE:
        note = dialogue.note_to_models if dialogue.round else ""
        return prompts.rewrite_messages(text, dialogue.turns, count=COUNT, note=note)
    rewrites = {f"rewrite_{n}": one for n, one in enumerate(_texts(dialogue, kind), start=1)}
    rubric = rubrics.current(dataset)
    return prompts.judge_messages(text, dialogue.turns, rewrites, rubric=rubric)


def _texts(dialogue: Dialogue, kind: PromptKind) -> list[str]:
    """Its candidates; for comparing the two that lead. A run shuffles them."""
    rows = Candidate.objects.proposed().filter(dialogue=dialogue)
    if kind == PromptKind.COMPARE:
        rows = rows.order_by("-panel_score", "pk")[:PAIR]
    return list(rows.values_list("text", flat=True))


def _dialogue(dataset: Dataset, kind: PromptKind, external_id: str) -> Dialogue:
    rows = dataset.dialogues.order_by("pk")
    if external_id:
        # PostgreSQL takes no NUL, not even to look for.
        found = rows.filter(external_id=external_id.replace("\x00", "\ufffd")).first()
        if found is None:
            raise Missing(f"There is no dialogue “{external_id}” in {dataset.slug}.")
        return found
    first = rows.first() if kind == PromptKind.REWRITE else _first_with_candidates(dataset)
    if first is None:
        wanted = "dialogue" if kind == PromptKind.REWRITE else "dialogue with candidates"
        raise Missing(f"There is no {wanted} yet to show it on.")
    return first


def _first_with_candidates(dataset: Dataset) -> Dialogue | None:
    proposed = Candidate.objects.proposed().filter(dialogue=OuterRef("pk"))
    return dataset.dialogues.filter(Exists(proposed)).order_by("pk").first()
