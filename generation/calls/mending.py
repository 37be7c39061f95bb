"""What to mend at an endpoint when a call to it failed, in words for the admin who set it up."""

from generation.calls.exchanges import Exchange
from generation.models import Endpoint, Job, StructuredOutput

WITHOUT_FORM = (
    "The model did not keep to the form asked for. Choose another way of structured output: “as "
    "plain text” works with any server; small models may be too weak for any of them."
)
CUT_OFF = (
    "Allow longer replies: the extra parameters may hold max_tokens (or, for OpenAI's newer "
    "models, max_completion_tokens), and a local server may need a larger context."
)
REFUSED = "The model refused a harmless sample. Another model will do better."
NO_COMPLETION = (
    "What answers there is no OpenAI-compatible server, or the address lacks a part of its path: "
    "most end with /v1."
)
TOO_LATE = (
    "A first call may have to load the model: try again. If it stays slow, allow more seconds per "
    "call and fewer calls in flight."
)
NO_ADDRESS = (
    "Nothing answers at {url}. Is the server running, and does it listen there? In a container "
    "127.0.0.1 is the container itself."
)
NO_KEY = (
    "The server wants a key. Name the environment variable that holds it, and set it where ReCQR "
    "runs."
)
WRONG_KEY = (
    "The server does not take the key in {variable}. Set the right one where ReCQR's web server "
    "and workers run, and start them again."
)
NOT_FOUND = (
    "Either the server has no model “{model}”, or the address lacks a part of its path: most end "
    "with /v1. The server's list of models is at {url}/models."
)
NOT_TAKEN = (
    "If the server speaks of response_format or a schema, choose another way of structured "
    "output; if it names a parameter, take that out of the extra parameters; if it speaks of "
    "images or content, the model sees none."
)
NO_EMBEDDINGS = (
    "Is it a model that makes vectors, and does its server have /v1/embeddings? A language model "
    "has none; vLLM is started for them with --runner pooling."
)
NO_CREDIT = "The account at the provider has no credit left. Its owner tops it up there."
TOO_MANY = (
    "The server lets fewer calls through than asked for. Wait a little, and set the requests and "
    "tokens per minute that your account allows."
)
BROKEN = "The fault is the server's own: its log says more. Try again later."


def what_to_mend(
    endpoint: Endpoint, exchanged: Exchange, unusable: str, job: str = Job.REWRITE
) -> str:
    """Empty where nothing went wrong."""
    if exchanged.problem:
        words = _of_status(endpoint, exchanged)
        if words == NOT_TAKEN and job == Job.EMBED:
            words = NO_EMBEDDINGS
        return words.format(
            url=endpoint.base_url.rstrip("/"),
            model=endpoint.model,
            variable=endpoint.key_variable,
        )
    if unusable and job == Job.EMBED:
        return NO_EMBEDDINGS
    return _of_reply(endpoint, unusable) if unusable else ""


def _of_status(endpoint: Endpoint, exchanged: Exchange) -> str:
    match exchanged.status_code:
        case None:
            return TOO_LATE if exchanged.problem.startswith("No reply within") else NO_ADDRESS
        case 401 | 403:
            return WRONG_KEY if endpoint.key_variable else NO_KEY
        case 404:
            return NOT_FOUND
        case 429:
            return TOO_MANY if exchanged.again else NO_CREDIT
        case status if status >= 500:
            return BROKEN
    return NOT_TAKEN


def _of_reply(endpoint: Endpoint, unusable: str) -> str:
    if "cut off" in unusable:
        return CUT_OFF
    if "refused" in unusable or "content filter" in unusable:
        return REFUSED
    if "no chat completion" in unusable:
        return NO_COMPLETION
    plain = endpoint.structured_output == StructuredOutput.TEXT
    return WITHOUT_FORM if not plain else "Try again; if it stays so, the model is too weak."
