"""Which endpoints there are, and which of them a run uses."""

import os
from collections.abc import Sequence

from django.conf import settings
from openai import OpenAI, OpenAIError

from generation.errors import EndpointUnreachable, UnknownEndpoint
from generation.models import Endpoint, EndpointKind

DEFAULT, OFFLINE = "default", "offline"
KEY_VARIABLE = "OPENAI_API_KEY"
OPENAI_ITSELF = "https://api.openai.com/v1"
LISTING_SECONDS = 10


def chosen(names: Sequence[str]) -> list[Endpoint]:
    """The endpoints that `names` name, each once; without names `default`, else `offline`."""
    known = available()
    if not names:
        return [known.get(DEFAULT) or known[OFFLINE]]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UnknownEndpoint(
            f"There is no endpoint “{unknown[0]}”. There are: {', '.join(sorted(known))}.",
            field="endpoints",
        )
    return [known[name] for name in dict.fromkeys(names)]


def available() -> dict[str, Endpoint]:
    """Every endpoint that may be named, by its name: the environment's `default` among them.

    Asks the server of `default` for its first model where `OPENAI_MODEL` is left out.
    """
    Endpoint.objects.get_or_create(name=OFFLINE, defaults={"kind": EndpointKind.OFFLINE})
    rows = {endpoint.name: endpoint for endpoint in Endpoint.objects.exclude(name=DEFAULT)}
    if is_configured():
        rows[DEFAULT] = _default()
    return rows


def is_configured() -> bool:
    """Whether the environment names a server."""
    return bool(settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL)


def key_of(endpoint: Endpoint) -> str:
    """The key from the environment. Local servers want none, but the client wants a word."""
    if endpoint.key_variable == KEY_VARIABLE:
        return settings.OPENAI_API_KEY or "none"
    return os.environ.get(endpoint.key_variable, "") or "none"


def _default() -> Endpoint:
    base_url = settings.OPENAI_BASE_URL or OPENAI_ITSELF
    endpoint, _ = Endpoint.objects.update_or_create(
        name=DEFAULT,
        defaults={
            "kind": EndpointKind.OPENAI,
            "base_url": base_url,
            "model": settings.OPENAI_MODEL or _first_model(base_url),
            "key_variable": KEY_VARIABLE,
        },
    )
    return endpoint


def _first_model(base_url: str) -> str:
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
