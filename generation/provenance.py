"""Who machine work is by, as it enters the record: the model, its family, what it was told."""

import hashlib
import json

from generation.families import family_of
from generation.models import Endpoint, Prompt, Run
from review.intake import Provenance
from review.models import CandidateKind


def author_at(endpoint: Endpoint, run: Run, told: str) -> Provenance:
    """A model at an endpoint as an author; `told` is the hash of its instructions.

    Whether it saw the target is said for each dialogue.
    """
    model = run.model_of(endpoint)
    return Provenance(
        author=_name(endpoint, run, model),
        kind=CandidateKind.MODEL,
        model=model,
        family=endpoint.own_family or family_of(model),
        prompt_hash=told,
        saw_target=False,
    )


def _name(endpoint: Endpoint, run: Run, model: str) -> str:
    """The model's name; where a run asks it at several endpoints, with the endpoint's."""
    models = run.parameters.get("models", {})
    alone = sum(other == model for other in models.values()) <= 1
    return model if alone else f"{model} ({endpoint.name})"


def frozen_prompt(run: Run) -> Prompt:
    """The version that a run keeps. A run that asks models has one."""
    if run.prompt is None:
        raise ValueError(f"{run} asks models without a prompt")
    return run.prompt


def told_to_judge(endpoint: Endpoint, run: Run) -> str:
    """SHA-256 of all that a judge goes by: prompt, rubric, and whatever else it is shown or set."""
    prompt = frozen_prompt(run)
    parts = [prompt.hash, run.rubric.hash if run.rubric else ""]
    also = {name: run.parameters[name] for name in ("images", "target") if name in run.parameters}
    if endpoint.extra_parameters:
        also["extra"] = endpoint.extra_parameters
    if also:
        parts.append(json.dumps(also, sort_keys=True))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def family_of_candidate(family: str, model: str, author: str) -> str:
    """The family that wrote a candidate; for an imported one its author's name must tell."""
    return family or family_of(model or author)
