"""Rows and views of the record as the API gives them out, before they are serialized."""

from typing import Any

from review.models import Dataset, Image, Membership, Stage
from review.progress import stages_of
from review.retrieval import standing
from review.visibility import DialogueView


def dataset_brief(membership: Membership) -> dict[str, Any]:
    dataset = membership.dataset
    return {"name": dataset.slug, "title": dataset.title, "role": membership.role}


def dataset_detail(dataset: Dataset, membership: Membership) -> dict[str, Any]:
    stages = stages_of(dataset)
    return {
        **dataset_brief(membership),
        "stages": {stage.value: stages.of(stage) for stage in Stage},
        "dialogues": stages.total,
        "images": Image.objects.current().filter(dataset=dataset).count(),
        "corpus_version": dataset.corpus_version,
        "policy": dataset.policy(),
        "lease_minutes": dataset.lease_minutes,
        "reject_reasons": dataset.reject_reasons,
    }


def dialogue(view: DialogueView) -> dict[str, Any]:
    """A dialogue as one person sees it; what they may not see is not in it."""
    row = view.dialogue
    return {
        "id": row.external_id,
        "turns": row.turns,
        "final_query": row.final_query,
        "target_images": view.target_ids(),
        "images": list(view.images.values()),
        "stage": view.stage(),
        "approval": row.approval if view.sight.decisions else "",
        "candidates": view.candidates,
        "decisions": view.decisions,
        "retrieval": standing(row, view.checks),
    }
