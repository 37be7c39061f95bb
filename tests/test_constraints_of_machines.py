"""Rules on machine work that the database itself holds, each broken once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction

from generation.models import Batch, Call, Endpoint, EndpointPrice, Prompt, Run, RunItem
from review.models import Dataset, Dialogue

Rows = dict[str, Any]


@pytest.fixture
def rows(dataset: Dataset, dialogue: Dialogue) -> Rows:
    endpoint = Endpoint.objects.create(dataset=dataset, name="remote", model="m")
    price = EndpointPrice.objects.create(endpoint=endpoint, since="2026-01-01", input=1)
    run = Run.objects.create(dataset=dataset, kind="rewrite")
    item = RunItem.objects.create(run=run, dialogue=dialogue, endpoint=endpoint)
    Prompt.objects.create(dataset=dataset, kind="rewrite", version=1, text="t", hash="h")
    batch = Batch.objects.create(run=run, endpoint=endpoint)
    return locals()


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
}


@pytest.mark.parametrize("name", BREACHES)
def test_the_database_refuses(name: str, rows: Rows) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        BREACHES[name](rows)


def test_every_constraint_on_machine_work_is_broken_here_once() -> None:
    ours: list[type[models.Model]] = [
        Batch, Call, Endpoint, EndpointPrice, Prompt, Run, RunItem,
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
