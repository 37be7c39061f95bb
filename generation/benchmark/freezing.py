"""What a benchmark is about, written down when it starts: the record goes on, a run does not."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Prefetch

from generation.benchmark.facts import facts_of
from generation.benchmark.forms import WITHOUT_TEXT, Form, FormKind, Rewrites, texts_of
from generation.benchmark.planning import forms_of
from generation.models import BenchmarkDialogue, BenchmarkText, Run
from review import bulk, relevance
from review.models import Candidate, Dialogue, Image

AT_ONCE = 1000


def freeze(run: Run, dialogue_ids: Sequence[int], rewrites: Mapping[str, Rewrites]) -> None:
    """Writes down the dialogues of a run that is saved, and their texts; in a transaction."""
    for begin in range(0, len(dialogue_ids), AT_ONCE):
        keys = dialogue_ids[begin : begin + AT_ONCE]
        dialogues = list(_with_everything(keys))
        others = relevance.others(keys)
        subjects = [_subject(run, one, others.get(one.pk, {})) for one in dialogues]
        BenchmarkDialogue.objects.bulk_create(subjects)
        bulk.insert(list(_texts(run, dialogues, rewrites)))
    _tell_unknown(run, rewrites)


def _with_everything(keys: Sequence[int]) -> Iterator[Dialogue]:
    rows = Dialogue.objects.filter(pk__in=keys).order_by("pk")
    candidates = Prefetch("candidates", Candidate.objects.of_the_record())
    related = rows.select_related("approved_candidate", "imported_by")
    return iter(related.prefetch_related(candidates))


def _subject(run: Run, dialogue: Dialogue, others: Mapping[str, bool]) -> BenchmarkDialogue:
    targets = list(dict.fromkeys(dialogue.target_images))
    return BenchmarkDialogue(
        run=run,
        dialogue=dialogue,
        turns=[turn["text"] for turn in dialogue.turns],
        targets=targets,
        shown=dialogue.shown_images(),
        others={image: fits for image, fits in others.items() if image not in targets},
        facts=facts_of(dialogue),
    )


def _texts(
    run: Run, dialogues: Sequence[Dialogue], rewrites: Mapping[str, Rewrites]
) -> Iterator[BenchmarkText]:
    forms = [form for form in forms_of(run) if form.kind not in WITHOUT_TEXT]
    wanted = {FormKind.FINAL_QUERY, FormKind.REWRITE} - {form.kind for form in forms}
    # What others are made of is there in any case.
    forms += [Form(kind.value, kind) for kind in wanted]
    captions = _captions(run, dialogues)
    for dialogue in dialogues:
        for form, text in texts_of(dialogue, forms, captions, rewrites):
            yield BenchmarkText(run=run, dialogue=dialogue, form=form, text=text)


def _captions(run: Run, dialogues: Sequence[Dialogue]) -> dict[str, str]:
    targets = {target for dialogue in dialogues for target in dialogue.target_images}
    images = Image.objects.at_version(run.parameters["corpus_version"])
    rows = images.filter(dataset=run.dataset_id).named(targets)
    return dict(rows.values_list("external_id", "caption"))


def _tell_unknown(run: Run, rewrites: Mapping[str, Rewrites]) -> None:
    """Counts the ids of files that are none of the run's dialogues."""
    if not rewrites:
        return
    known = set(
        BenchmarkDialogue.objects.filter(run=run).values_list("dialogue__external_id", flat=True)
    )
    entries: list[dict[str, Any]] = run.parameters["forms"]
    for entry in entries:
        if entry["name"] in rewrites:
            entry["unknown"] = len(rewrites[entry["name"]].texts.keys() - known)
    run.save(update_fields=["parameters"])
