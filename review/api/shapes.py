"""Rows and views of the record as the API gives them out, before they are serialized."""

from typing import Any

from django.utils import timezone

from review import findings, policy
from review.calibration.certifying.shown import covered
from review.models import Assignment, Dataset, Image, Membership, Stage
from review.places.drafts import Kept
from review.progress import stages_of
from review.retrieval import standing
from review.visibility import DialogueView, shows_traits


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
        "policy": policy.values(dataset),
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
        "stage": row.stage,
        "approval": row.approval if view.sight.decisions or view.sight.alone else "",
        "certified": covered(view),
        "candidates": view.candidates,
        "decisions": view.decisions,
        "retrieval": standing(row, view.checks),
        **_shown_by_retrieval(view),
    }


def _shown_by_retrieval(view: DialogueView) -> dict[str, Any]:
    row = view.dialogue
    if row.approved_candidate_id is None or not shows_traits(view.sight):
        return {"traits": [], "words": [], "supports": []}
    supports = row.word_supports.filter(withdrawn=None, candidate=row.approved_candidate_id)
    return {
        "traits": row.traits,
        "words": findings.standing(row.word_findings.all(), standing(row, view.checks)),
        "supports": supports.select_related("by"),
    }


def claimed(assignment: Assignment, view: DialogueView) -> dict[str, Any]:
    """A place in hand, and what its reviewer sees there."""
    return {
        "assignment": assignment.pk,
        "expires_at": assignment.expires_at,
        "writes_first": assignment.hides_candidates(),
        "draft": stored_draft(assignment),
        "dialogue": dialogue(view),
    }


def stored_draft(assignment: Assignment) -> dict[str, Any]:
    return {
        "text": assignment.draft,
        "rest": assignment.draft_rest,
        "revision": assignment.draft_revision,
        "saved_at": assignment.drafted_at,
    }


def kept_draft(assignment: Assignment, kept: Kept) -> dict[str, Any]:
    return {
        "revision": kept.revision,
        "saved_at": timezone.now(),
        "held": kept.held,
        "expires_at": assignment.expires_at if kept.held else None,
    }
