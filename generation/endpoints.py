"""Which endpoints there are, and which of them a run uses."""

import os
from collections.abc import Sequence

from django.conf import settings

from generation.errors import EndpointUnreachable, UnknownEndpoint
from generation.models import Endpoint, EndpointKind, Job
from review.models import Dataset

DEFAULT, OFFLINE = "default", "offline"
KEY_VARIABLE = "OPENAI_API_KEY"
OPENAI_ITSELF = "https://api.openai.com/v1"
LISTING_SECONDS = 10


def chosen(
    names: Sequence[str], dataset: Dataset, job: str, *, asking: bool = True
) -> list[Endpoint]:
    """The endpoints that `names` name, each once.

    Without names all that the dataset has for the job, else `default`, else `offline`. Asks the
    server of `default` for its first model where that is used and `OPENAI_MODEL` is left out;
    without `asking` it stays with the model that it had last ("": none yet).
    """
    if not names:
        own = list(Endpoint.objects.of_dataset_for(dataset, job))
        return own or [named(DEFAULT if is_configured() else OFFLINE, dataset, asking=asking)]
    found = [named(name, dataset, asking=asking) for name in dict.fromkeys(names)]
    if embedding := [endpoint.name for endpoint in found if endpoint.only_embeds()]:
        raise UnknownEndpoint(
            f"“{embedding[0]}” makes vectors for retrievers and writes nothing: choose a language "
            "model.",
            field="endpoints",
        )
    return found


def names(dataset: Dataset) -> list[str]:
    """Every endpoint of a language model that a run of a dataset may name. Asks no server."""
    kept = Endpoint.objects.within(dataset).exclude(name=DEFAULT, dataset=None)
    language_models = kept.exclude(jobs=[Job.EMBED])
    found = {*language_models.values_list("name", flat=True), OFFLINE}
    return sorted(found | ({DEFAULT} if is_configured() else set()))


def is_configured() -> bool:
    """Whether the environment names a server."""
    return bool(settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL)


def key_of(endpoint: Endpoint) -> str:
    """The key from the environment. Local servers want none, but the client wants a word."""
    if endpoint.key_variable == KEY_VARIABLE:
        return settings.OPENAI_API_KEY or "none"
    return os.environ.get(endpoint.key_variable, "") or "none"


def named(name: str, dataset: Dataset, *, asking: bool = True) -> Endpoint:
    """An endpoint as a row; a dataset's own comes before one of the whole site."""
    own = Endpoint.objects.filter(dataset=dataset, name=name, retired=False).first()
    if own is not None:
        return own
    known = names(dataset)
    if name not in known:
        raise UnknownEndpoint(
            f"There is no endpoint “{name}”. There are: {', '.join(known)}.", field="endpoints"
        )
    return _of_the_site(name, asking)


def _of_the_site(name: str, asking: bool) -> Endpoint:
    if name == DEFAULT:
        return _default(asking)
    kind = EndpointKind.OFFLINE if name == OFFLINE else EndpointKind.OPENAI
    endpoint, _ = Endpoint.objects.get_or_create(
        dataset=None, name=name, retired=False, defaults={"kind": kind}
    )
    return endpoint


def _default(asking: bool) -> Endpoint:
    base_url = settings.OPENAI_BASE_URL or OPENAI_ITSELF
    find_model = _first_model if asking else _last_model
    endpoint, _ = Endpoint.objects.update_or_create(
        dataset=None,
        name=DEFAULT,
        retired=False,
        defaults={
            "kind": EndpointKind.OPENAI,
            "base_url": base_url,
            "model": settings.OPENAI_MODEL or find_model(base_url),
            "key_variable": KEY_VARIABLE,
        },
    )
    return endpoint


def _last_model(base_url: str) -> str:
    last = Endpoint.objects.filter(dataset=None, name=DEFAULT, base_url=base_url, retired=False)
    return last.values_list("model", flat=True).first() or ""


def _first_model(base_url: str) -> str:
    from openai import OpenAI, OpenAIError  # noqa: PLC0415  (half a second, rarely needed)

    key = settings.OPENAI_API_KEY or "none"
    try:
        with OpenAI(
            api_key=key, base_url=base_url, max_retries=0, timeout=LISTING_SECONDS
        ) as client:
            first = next(iter(client.models.list()), None)
    except OpenAIError as error:
        raise EndpointUnreachable(
            f"The server at {base_url} did not list its models: {error} "
            "Check OPENAI_BASE_URL and OPENAI_API_KEY, or name a model in OPENAI_MODEL."
        ) from error
    if first is None:
        raise EndpointUnreachable(
            f"The server at {base_url} lists no model. Load one, or name it in OPENAI_MODEL."
        )
    return first.id
