"""What an admin says of an endpoint, and what is refused: addresses, keys, numbers, parameters.

Whoever administers a dataset chooses where its calls go. So no secret of the server itself may be
named as a key, or it could be sent to an address of their own.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from generation.calls.questions import OUR_PARAMETERS
from generation.endpoints import DEFAULT, KEY_VARIABLE, OFFLINE, OPENAI_ITSELF
from generation.models import Endpoint, Job, StructuredOutput
from generation.models.endpoints import both_jobs
from review.errors import Invalid

NAME = re.compile(r"[a-z0-9-]{1,64}")
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
RESERVED = (DEFAULT, OFFLINE)
# A variable that holds a key for models says so.
KEY_WORDS = ("KEY", "TOKEN")
# What the application and its machine keep for themselves.
OWN_WORDS = ("SECRET", "PASSWORD", "DATABASE", "REDIS", "AWS", "DJANGO", "PRIVATE", "POSTGRES")
LONGEST_URL, LONGEST_MODEL, LONGEST_FAMILY = 500, 200, 64
MOST_IN_FLIGHT, LONGEST_TIMEOUT = 2000, 3600
MOST_PER_MINUTE = 2**31 - 1
LARGEST_PARAMETERS = 4096
# Names of parameters that hold what nobody else should read.
SECRET = re.compile(r"api.?key|secret|password|authorization|bearer|access.?token", re.IGNORECASE)
DEEPEST_PARAMETERS = 8


@dataclass(frozen=True, kw_only=True)
class Connection:
    """What a dataset's admins say of an endpoint. `check` says whether it will do."""

    name: str
    base_url: str
    model: str
    key_variable: str = ""
    jobs: Sequence[str] = tuple(both_jobs())
    structured_output: str = StructuredOutput.JSON_SCHEMA.value
    sees_images: bool = False
    has_batches: bool = False
    extra_parameters: Mapping[str, Any] = field(default_factory=dict)
    most_in_flight: int = 64
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    timeout_seconds: int = 120
    own_family: str = ""

    @classmethod
    def of(cls, endpoint: Endpoint) -> Self:
        return cls(**{name: getattr(endpoint, name) for name in cls.names()})

    @classmethod
    def names(cls) -> list[str]:
        return [one.name for one in fields(cls)]

    def values(self) -> dict[str, Any]:
        """As the fields of an `Endpoint`."""
        found = {name: getattr(self, name) for name in self.names()}
        return {**found, "jobs": [job for job in Job.values if job in self.jobs]}

    def only_embeds(self) -> bool:
        return list(self.jobs) == [Job.EMBED]

    def check(self) -> None:
        """Raises `Invalid` with the field at fault."""
        _check_name(self.name)
        _check_url(self.base_url)
        _check_words("model", self.model, LONGEST_MODEL, "Name the model as its server calls it")
        _check_key(self.key_variable, self.base_url)
        _check_choices(self.jobs, self.structured_output)
        check_parameters(self.extra_parameters)
        self._check_numbers()
        if self.own_family:
            _check_words("own_family", self.own_family, LONGEST_FAMILY, "Give the family a name")

    def _check_numbers(self) -> None:
        _check_number("most_in_flight", self.most_in_flight, MOST_IN_FLIGHT)
        _check_number("timeout_seconds", self.timeout_seconds, LONGEST_TIMEOUT)
        for name in ("requests_per_minute", "tokens_per_minute"):
            if getattr(self, name) is not None:
                _check_number(name, getattr(self, name), MOST_PER_MINUTE)


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise Invalid(
            "A name has 1 to 64 lower-case letters, digits and hyphens, such as gpt-judge.",
            field="name",
        )
    if name in RESERVED:
        raise Invalid(f"“{name}” is the whole site's: choose another name.", field="name")


def _check_url(url: str) -> None:
    parts = _parts(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or len(url) > LONGEST_URL:
        raise _bad_url("Give the server's address, such as https://api.openai.com/v1.")
    if "@" in parts.netloc:
        raise _bad_url(
            "Leave user and password out of the address: name the environment variable that holds "
            "the key instead."
        )
    if "?" in url or "#" in url:
        raise _bad_url("Leave out what follows “?” or “#”: the address ends with its path.")
    for path in ("/chat/completions", "/completions", "/embeddings"):
        if parts.path.rstrip("/").endswith(path):
            raise _bad_url(f"Give the part before {path}: it often ends with /v1.")


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading it raises for one that is no number
    except ValueError:
        raise _bad_url("This is no address. One looks like http://127.0.0.1:8001/v1.") from None
    if not url.isprintable() or " " in url:
        raise _bad_url("An address has no spaces or control characters.")
    return parts


def _bad_url(words: str) -> Invalid:
    return Invalid(words, field="base_url")


def _check_key(variable: str, base_url: str) -> None:
    if not variable:
        return
    if not VARIABLE.fullmatch(variable):
        raise _bad_key(
            "The name of the environment variable goes here, such as OPENAI_API_KEY, never the "
            "key itself. A key that was pasted here was not kept."
        )
    if any(word in variable for word in OWN_WORDS):
        raise _bad_key(f"{variable} may hold a secret of this server, and is not sent anywhere.")
    if not any(word in variable for word in KEY_WORDS):
        raise _bad_key("A variable that holds a key for models has KEY or TOKEN in its name.")
    if variable == KEY_VARIABLE and _origin(base_url) not in _origins_of_the_site():
        raise _bad_key(
            f"{KEY_VARIABLE} is sent to OpenAI and to the server that OPENAI_BASE_URL names, and "
            "nowhere else. Set this server's key under a name of its own."
        )


def _bad_key(words: str) -> Invalid:
    return Invalid(words, field="key_variable")


def _origins_of_the_site() -> set[tuple[str, str | None, int | None]]:
    """Where the operator's own key may go: other admins' addresses are not among them."""
    return {_origin(url) for url in (OPENAI_ITSELF, settings.OPENAI_BASE_URL) if url}


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _check_words(field: str, text: str, longest: int, wish: str) -> None:
    if not text.strip() or len(text) > longest or not text.isprintable():
        raise Invalid(f"{wish}, in 1 to {longest} characters.", field=field)


def _check_choices(jobs: Sequence[str], structured_output: str) -> None:
    unknown = [job for job in jobs if job not in Job.values]
    if unknown:
        raise Invalid(f"There is no job “{unknown[0]}”: {', '.join(Job.values)}.", field="jobs")
    if structured_output not in StructuredOutput.values:
        known = ", ".join(StructuredOutput.values)
        raise Invalid(f"Choose one of {known}.", field="structured_output")


def _check_number(field: str, value: Any, most: int) -> None:
    # True is a number to Python, and to nobody else.
    if type(value) is not int or not 1 <= value <= most:
        raise Invalid(f"Give a whole number from 1 to {most:,}.", field=field)


def parameters_in(text: str) -> dict[str, Any]:
    """Extra parameters as they were typed; empty is none."""
    try:
        found = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        raise _bad_parameters('Give a JSON object, such as {"temperature": 0.7}.') from None
    check_parameters(found)
    return dict(found)


def check_parameters(given: Any) -> None:
    """Raises `Invalid` for what cannot go into every request."""
    if not isinstance(given, Mapping):
        raise _bad_parameters('Give a JSON object, such as {"temperature": 0.7}.')
    ours = sorted(OUR_PARAMETERS & set(given))
    if ours:
        raise _bad_parameters(f"“{ours[0]}” is set by ReCQR itself: leave it out.")
    if secrets := [name for name in given if SECRET.search(name)]:
        raise _bad_parameters(
            f"“{secrets[0]}” looks like a secret, and parameters are kept and shown as they are. "
            "A key stays in an environment variable, whose name has a field of its own."
        )
    if _depth(given, DEEPEST_PARAMETERS) > DEEPEST_PARAMETERS:
        raise _bad_parameters(f"It is nested more than {DEEPEST_PARAMETERS} levels deep.")
    text = _as_json(given)
    if len(text.encode("utf-8", "replace")) > LARGEST_PARAMETERS:
        raise _bad_parameters(f"It has more than {LARGEST_PARAMETERS:,} bytes.")


def _as_json(given: Mapping[str, Any]) -> str:
    try:
        text = json.dumps(given, ensure_ascii=False, allow_nan=False)
        text.encode()
    except ValueError:
        raise _bad_parameters("It holds a number or a character that JSON does not know.") from None
    if "\\u0000" in text:
        raise _bad_parameters("It holds a zero character, which cannot be kept.")
    return text


def _bad_parameters(words: str) -> Invalid:
    return Invalid(words, field="extra_parameters")


def _depth(value: Any, most: int) -> int:
    """How deep objects and lists lie in each other; looks no further than `most`."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, list) or most < 0:
        return 0
    return 1 + max((_depth(one, most - 1) for one in value), default=0)
