"""What a run was started with, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse

from generation.benchmark_shown.names import form_name
from generation.jury import BEST
from generation.models import Run, RunKind
from generation.seeing import ImageSettings
from generation.templatetags.spending import exact
from review.amounts import counted
from review.models import Trait
from review.selecting import Selection


@dataclass(frozen=True)
class Fact:
    """One thing that a run keeps, and where there is more to read of it."""

    name: str
    words: str
    url: str = ""


def began_with(run: Run) -> list[Fact]:
    facts = [Fact("Dialogues", chosen_in_words(run.parameters))]
    if run.kind == RunKind.BENCHMARK:
        facts += _of_benchmark(run)
    elif run.kind != RunKind.CHECK:
        facts += [*_of_models(run), *_of_texts(run)]
    if run.kind == RunKind.JUDGE:
        facts += _of_judges(run)
    if run.budget_usd is not None:
        facts.append(Fact("Budget", exact(run.budget_usd)))
    return facts


def chosen_in_words(parameters: dict[str, Any]) -> str:
    """Which dialogues a run's filter takes."""
    chosen = Selection.from_json(parameters.get("filter", {}))
    parts = [
        f"with “{chosen.words}”" if chosen.words else "",
        f"{chosen.stage} when it started" if chosen.stage else "",
        f"that show: {Trait(chosen.trait).label}" if chosen.trait else "",
        f"of import {chosen.import_id}" if chosen.import_id else "",
        f"a sample of {chosen.sample:,}" if chosen.sample else "",
        f"the first {parameters['limit']:,}" if parameters.get("limit") else "",
    ]
    return ", ".join(part for part in parts if part) or "all"


def _of_models(run: Run) -> Iterator[Fact]:
    models: dict[str, str] = run.parameters.get("models", {})
    named = [f"{name} ({model})" if model else name for name, model in sorted(models.items())]
    if named:
        yield Fact("Endpoints", ", ".join(named))
    if run.kind == RunKind.REWRITE and "candidates" in run.parameters:
        yield Fact("Candidates", f"{run.parameters['candidates']} for each dialogue")
    yield Fact("Images", _images_in_words(run.parameters.get("images")))
    target = run.parameters.get("target", [])
    yield Fact("Target image", f"{' and '.join(target)} shown to models" if target else "not shown")
    if run.goes_in_batches():
        yield Fact("Batches", "yes, where an endpoint has them")


def _images_in_words(given: dict[str, Any] | None) -> str:
    if given is None:
        return "not sent"
    settings = ImageSettings.from_json(given)
    most = counted(settings.most, "image")
    return f"{settings.longest_side:,} px, {settings.format.upper()}, at most {most} a request"


def _of_benchmark(run: Run) -> Iterator[Fact]:
    frozen = run.parameters
    yield Fact("Retrievers", ", ".join(one["name"] for one in frozen["retrievers"]))
    yield Fact("Forms of the query", ", ".join(form_name(form) for form in frozen["forms"]))
    shown = "left out" if frozen["leaves_out"] else "searched too"
    corpus = f"{counted(frozen['corpus_images'], 'image')}, version {frozen['corpus_version']}"
    yield Fact("Corpus", f"{corpus}; images that a dialogue shows {shown}")
    yield Fact("Metric of the comparisons", frozen["metric"])


def _of_texts(run: Run) -> Iterator[Fact]:
    slug = run.dataset.slug
    if run.prompt is not None:
        yield Fact("Prompt", str(run.prompt), _url("prompts", slug))
    if run.rubric is not None:
        yield Fact("Rubric", str(run.rubric).removeprefix("rubric "), _url("rubric", slug))


def _of_judges(run: Run) -> Iterator[Fact]:
    if run.compares():
        best = run.parameters.get("best", BEST)
        yield Fact("Way", f"the best {best} in pairs, both orders")
    else:
        both = run.parameters.get("both_orders")
        yield Fact("Way", "all at once, in both orders" if both else "all at once, in one order")
    if "seed" in run.parameters:
        yield Fact("Seed of the order", run.parameters["seed"])


def _url(name: str, slug: str) -> str:
    """Where there is such a page."""
    try:
        return reverse(name, kwargs={"slug": slug})
    except NoReverseMatch:
        return ""
