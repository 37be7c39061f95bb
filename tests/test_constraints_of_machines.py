"""Rules on machine work that the database itself holds, each broken once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction

from generation.models import (
    Batch,
    BenchmarkDialogue,
    BenchmarkReport,
    BenchmarkScore,
    BenchmarkText,
    Call,
    ConfiguredRetriever,
    Endpoint,
    EndpointPrice,
    ImageLikeness,
    ImageVector,
    Prompt,
    Run,
    RunItem,
    TextVector,
    VectorSpace,
)
from review.models import Dataset, Dialogue, Image

Rows = dict[str, Any]


@pytest.fixture
def rows(dataset: Dataset, dialogue: Dialogue, images: list[Image]) -> Rows:
    endpoint = Endpoint.objects.create(dataset=dataset, name="remote", model="m")
    price = EndpointPrice.objects.create(endpoint=endpoint, since="2026-01-01", input=1)
    run = Run.objects.create(dataset=dataset, kind="rewrite")
    item = RunItem.objects.create(run=run, dialogue=dialogue, endpoint=endpoint)
    Prompt.objects.create(dataset=dataset, kind="rewrite", version=1, text="t", hash="h")
    batch = Batch.objects.create(run=run, endpoint=endpoint)
    retriever = ConfiguredRetriever.objects.create(
        dataset=dataset, name="words", kind="bm25", primary=True
    )
    space = VectorSpace.objects.create(retriever=retriever, hash="h", dimensions=2)
    return locals()


def retriever(rows: Rows, **fields: Any) -> ConfiguredRetriever:
    values = {"dataset": rows["dataset"], "name": "other", "kind": "bm25", **fields}
    return ConfiguredRetriever.objects.create(**values)


def likeness(rows: Rows, first: str, second: str, bits: int | None = 3) -> ImageLikeness:
    return ImageLikeness.objects.create(
        dataset=rows["dataset"], first=first, second=second, bits=bits
    )


def subject(rows: Rows) -> BenchmarkDialogue:
    run, dialogue = rows["run"], rows["dialogue"]
    return BenchmarkDialogue.objects.create(
        run=run, dialogue=dialogue, turns=["a pier"], targets=["pier"], shown=[]
    )


def text(rows: Rows, form: str = "rewrite") -> BenchmarkText:
    return BenchmarkText.objects.create(
        run=rows["run"], dialogue=rows["dialogue"], form=form, text="a pier"
    )


def score(rows: Rows, **fields: Any) -> BenchmarkScore:
    where = {"run": rows["run"], "dialogue": rows["dialogue"], "retriever": "words"}
    return BenchmarkScore.objects.create(**where, form="rewrite", corpus_size=4, **fields)


BREACHES: dict[str, Callable[[Rows], object]] = {
    "endpoint_name_once": lambda r: Endpoint.objects.create(dataset=r["dataset"], name="remote"),
    "endpoint_kind_known": lambda r: Endpoint.objects.update(kind="oracle"),
    "endpoint_structured_output_known": lambda r: Endpoint.objects.update(structured_output="xml"),
    "endpoint_lets_calls_out": lambda r: Endpoint.objects.update(most_in_flight=0),
    "price_once_a_day": lambda r: EndpointPrice.objects.create(
        endpoint=r["endpoint"], since="2026-01-01"
    ),
    "price_not_negative": lambda r: EndpointPrice.objects.update(output=-1),
    "price_batch_share_0_to_1": lambda r: EndpointPrice.objects.update(batch_share=2),
    "prompt_version_once": lambda r: Prompt.objects.create(
        dataset=r["dataset"], kind="rewrite", version=1, text="u", hash="i"
    ),
    "prompt_kind_known": lambda r: Prompt.objects.update(kind="poem"),
    "run_kind_known": lambda r: Run.objects.update(kind="poem"),
    "run_status_known": lambda r: Run.objects.update(status="lost"),
    "item_once_in_run": lambda r: RunItem.objects.create(
        run=r["run"], dialogue=r["dialogue"], endpoint=r["endpoint"]
    ),
    "item_failed_with_reason": lambda r: RunItem.objects.update(state="failed"),
    "batch_state_known": lambda r: Batch.objects.update(state="lost"),
    "batch_submitted_has_id": lambda r: Batch.objects.update(state="submitted"),
    "retriever_name_once": lambda r: retriever(r, name="words"),
    "retriever_primary_once": lambda r: retriever(r, primary=True),
    "retriever_kind_known": lambda r: retriever(r, kind="oracle"),
    "retriever_name_plain": lambda r: retriever(r, name="No Name"),
    "retriever_endpoint_where_needed": lambda r: retriever(r, kind="endpoint"),
    "space_once_per_version": lambda r: VectorSpace.objects.create(
        retriever=r["retriever"], hash="h", dimensions=3
    ),
    "image_once_in_space": lambda r: [
        ImageVector.objects.create(space=r["space"], image=r["images"][0], vector=[1, 0])
        for _ in range(2)
    ],
    "vector_or_reason": lambda r: ImageVector.objects.create(
        space=r["space"], image=r["images"][0]
    ),
    "text_once_in_space": lambda r: [
        TextVector.objects.create(space=r["space"], text_key="t", vector=[1, 0]) for _ in range(2)
    ],
    "likeness_once": lambda r: [likeness(r, "a", "b") for _ in range(2)],
    "likeness_in_order": lambda r: likeness(r, "b", "a"),
    "likeness_by_something": lambda r: likeness(r, "a", "b", bits=None),
    "benchmark_dialogue_once": lambda r: [subject(r) for _ in range(2)],
    "benchmark_text_once": lambda r: [text(r) for _ in range(2)],
    "benchmark_form_plain": lambda r: text(r, form="Final query"),
    "benchmark_score_once": lambda r: [score(r, rank=1, tied=1) for _ in range(2)],
    "benchmark_ranked_or_reason": score,
}


@pytest.mark.parametrize("name", BREACHES)
def test_the_database_refuses(name: str, rows: Rows) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        BREACHES[name](rows)


def test_every_constraint_on_machine_work_is_broken_here_once() -> None:
    ours: list[type[models.Model]] = [
        Batch, Call, Endpoint, EndpointPrice, Prompt, Run, RunItem, ConfiguredRetriever,
        VectorSpace, ImageVector, TextVector, ImageLikeness, BenchmarkDialogue,
        BenchmarkText, BenchmarkScore, BenchmarkReport,
    ]  # fmt: skip
    named = {constraint.name for model in ours for constraint in model._meta.constraints}
    assert named == set(BREACHES)


def test_a_name_may_be_used_again_when_its_endpoint_is_retired(rows: Rows) -> None:
    Endpoint.objects.update(retired=True)
    Endpoint.objects.create(dataset=rows["dataset"], name="remote")


def test_a_dataset_takes_its_machine_work_with_it(rows: Rows) -> None:
    Call.objects.create(run=rows["run"], item=rows["item"], endpoint=rows["endpoint"])
    rows["dataset"].delete()
    assert not Endpoint.objects.filter(pk=rows["endpoint"].pk).exists()
    assert not Call.objects.exists()
