"""The pages of models: endpoints, trying one, prompts and the rubric; for admins alone."""

import html
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from generation import prompts
from generation.models import Call, Endpoint, Prompt, PromptKind
from review import rubrics
from review.models import Criterion, Dataset, Dialogue, Rubric, RubricCriterion, User
from review.models.rubrics import LEVELS
from tests.model_server import Fault, ModelServer

SignIn = Callable[[User], Client]
MODELS = "/datasets/coast/models/"
NEW = f"{MODELS}new-endpoint/"
REMOTE = f"{MODELS}endpoints/remote/"
REWRITE = f"{MODELS}prompts/rewrite/"
RUBRIC = f"{MODELS}rubric/"
HTMX = {"HX-Request": "true"}
SENT = {
    "name": "local",
    "base_url": "http://127.0.0.1:8001/v1",
    "model": "tiny",
    "structured_output": "json_object",
    "sees_images": "on",
    "extra_parameters": '{"temperature": 0}',
    "most_in_flight": "8",
    "timeout_seconds": "30",
    "jobs": ["judge"],
}


@pytest.fixture
def endpoint(dataset: Dataset, make_endpoint: Callable[..., Endpoint]) -> Endpoint:
    return make_endpoint(dataset=dataset)


@pytest.fixture
def carols(carol: User, client_of: SignIn) -> Client:
    return client_of(carol)


def text_of(response: Any) -> str:
    return response.content.decode()


def as_sent(rubric: Rubric, **changed: Any) -> dict[str, Any]:
    """The rubric as its form sends it."""
    fields: dict[str, Any] = {}
    for part in rubric.parts:
        fields[f"{part.key}-question"] = part.question
        fields[f"{part.key}-weight"] = part.weight
        fields[f"{part.key}-pass-mark"] = part.pass_mark
        fields |= {f"{part.key}-level-{level}": part.levels[level] for level in LEVELS}
    return fields | changed


def test_the_list_begins_with_what_to_do(carols: Client) -> None:
    page = text_of(carols.get(MODELS))
    for words in ("No model of its own yet", "Connect a model", "offline", "for rewriting"):
        assert words in page


def test_the_list_shows_prices_limits_and_how_calls_went(
    carols: Client, endpoint: Endpoint, model_server: ModelServer
) -> None:
    carols.post(f"{REMOTE}try/")
    model_server.fail(Fault.answers(500))
    carols.post(f"{REMOTE}try/")
    page = text_of(carols.get(MODELS))
    for words in ("remote", "64 in flight", "$1.00 in, $4.00 out", "50% ok", "2 calls"):
        assert words in page


def test_a_model_is_connected_with_its_price(carols: Client) -> None:
    prices = {"since": "2026-01-31", "input": "0.15", "output": "0.6", "batch_share": "0.5"}
    response = carols.post(NEW, SENT | prices, follow=True)
    made = Endpoint.objects.get()
    assert (made.name, made.jobs, made.extra_parameters) == ("local", ["judge"], {"temperature": 0})
    assert (made.sees_images, made.has_batches, made.requests_per_minute) == (True, False, None)
    price = made.prices.get()
    assert (price.since, price.input, price.cached) == (date(2026, 1, 31), Decimal("0.15"), None)
    assert "Try it now" in text_of(response)


def test_without_a_price_it_is_unknown(carols: Client) -> None:
    page = text_of(carols.post(NEW, SENT, follow=True))
    assert "No price is known" in page
    assert not Endpoint.objects.get().prices.exists()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"name": "Big Name"}, "lower-case letters"),
        ({"name": ""}, "Give it a name"),
        ({"base_url": "nowhere"}, "Give the server"),
        ({"model": ""}, "Name the model"),
        ({"key_variable": "sk-live-9f2"}, "never the key itself"),
        ({"key_variable": "SECRET_KEY"}, "secret of this server"),
        ({"extra_parameters": "{"}, "Give a JSON object"),
        ({"most_in_flight": "many"}, "Give a whole number"),
        ({"timeout_seconds": "0"}, "from 1 to 3,600"),
        ({"jobs": ["paint"]}, "paint is not one of"),
        ({"input": "-1"}, "A price is dollars"),
        ({"input": "1", "since": "never"}, "Give a day such as"),
    ],
)
def test_bad_input_is_named_and_connects_nothing(
    sent: dict[str, Any], words: str, carols: Client
) -> None:
    response = carols.post(NEW, SENT | sent)
    assert response.status_code == 422
    assert words in text_of(response)
    assert "sk-live-9f2" not in text_of(response)
    assert not Endpoint.objects.exists()


def test_a_model_that_makes_vectors_is_connected_and_tried(
    carols: Client, model_server: ModelServer
) -> None:
    vectors = {"jobs": ["embed"], "input": "0.02", "base_url": model_server.base_url}
    carols.post(NEW, SENT | vectors)
    assert Endpoint.objects.get().has_prices(timezone.now().date())
    listed = text_of(carols.get(MODELS))
    assert "makes vectors" in listed
    assert "$0.02 in per million" in listed
    tried = carols.post(f"{MODELS}endpoints/local/try/")
    assert "16 dimensions" in text_of(tried)


def test_an_endpoint_is_changed_and_its_key_is_shown_as_set_or_not(
    carols: Client, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    carols.post(REMOTE, SENT | {"name": "renamed", "key_variable": "LOCAL_API_KEY"})
    endpoint.refresh_from_db()
    assert (endpoint.name, endpoint.key_variable) == ("renamed", "LOCAL_API_KEY")
    renamed = f"{MODELS}endpoints/renamed/"
    assert "Not set where this server runs" in text_of(carols.get(renamed))
    monkeypatch.setenv("LOCAL_API_KEY", "the-secret-itself")
    page = text_of(carols.get(renamed))
    assert "Set here" in page
    assert "the-secret-itself" not in page
    response = carols.post(renamed, SENT | {"model": ""})
    assert response.status_code == 422
    assert "Name the model" in text_of(response)


def test_prices_have_a_history(carols: Client, endpoint: Endpoint) -> None:
    sent = {"since": "2026-02-01", "input": "3", "output": "9", "batch_share": "0.5"}
    page = text_of(carols.post(f"{REMOTE}price/", sent, follow=True))
    assert "$3.00" in page
    assert "$1.00" in page
    wrong = carols.post(f"{REMOTE}price/", sent | {"input": "-3"})
    assert wrong.status_code == 422
    carols.post(f"{REMOTE}price/remove/", {"since": "2026-02-01"})
    assert endpoint.prices.count() == 1
    for since in ("2026-02-01", "never", "2026-99-99"):
        assert carols.post(f"{REMOTE}price/remove/", {"since": since}).status_code == 404


def test_an_endpoint_is_retired(carols: Client, endpoint: Endpoint) -> None:
    carols.post(f"{REMOTE}try/")
    assert "Retire remote" in text_of(carols.get(REMOTE))
    page = text_of(carols.post(f"{REMOTE}retire/", follow=True))
    assert "stays in the record" in page
    endpoint.refresh_from_db()
    assert endpoint.retired
    assert carols.get(REMOTE).status_code == 404


def test_trying_shows_the_reply_as_a_page_and_as_a_fragment(
    carols: Client, endpoint: Endpoint, model_server: ModelServer
) -> None:
    model_server.scripted = lambda _: {"rewrites": ["a <b>lighthouse</b> in fog"]}
    whole = text_of(carols.post(f"{REMOTE}try/"))
    fragment = carols.post(f"{REMOTE}try/", headers=HTMX)
    assert "<html" in whole
    assert "<html" not in text_of(fragment)
    assert "HX-Request" in fragment["Vary"]
    for page in (whole, text_of(fragment)):
        assert "a &lt;b&gt;lighthouse&lt;/b&gt; in fog" in page
        assert "100, 20, 50" in page
        assert "It works" in page
    assert Call.objects.count() == 2


def test_a_try_with_an_image_is_offered_to_those_that_see(
    carols: Client, endpoint: Endpoint
) -> None:
    assert "with an image" not in text_of(carols.get(REMOTE))
    assert carols.post(f"{REMOTE}try/", {"with_image": "1"}).status_code == 400
    Endpoint.objects.update(sees_images=True)
    assert "with an image" in text_of(carols.get(REMOTE))
    assert "speak of a triangle" in text_of(carols.post(f"{REMOTE}try/", {"with_image": "1"}))


def test_a_failed_try_says_what_to_mend(
    carols: Client, endpoint: Endpoint, model_server: ModelServer
) -> None:
    model_server.fail(Fault.answers(404))
    page = text_of(carols.post(f"{REMOTE}try/", headers=HTMX))
    assert "The server answered 404" in page
    assert "has no model" in page


def test_the_sites_endpoints_are_shown_and_tried_but_not_changed(
    carols: Client, settings: Any, model_server: ModelServer
) -> None:
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = model_server.base_url, "k-of-the-site"
    page = text_of(carols.get(f"{MODELS}endpoints/default/"))
    assert "OPENAI_BASE_URL" in page
    assert "k-of-the-site" not in page
    assert not model_server.seen
    assert "It works" in text_of(carols.post(f"{MODELS}endpoints/default/try/"))
    assert "It works" in text_of(carols.post(f"{MODELS}endpoints/offline/try/"))
    assert carols.post(f"{MODELS}endpoints/default/", SENT).status_code == 403
    assert carols.post(f"{MODELS}endpoints/default/retire/").status_code == 404


def test_more_endpoints_cost_no_more_queries(
    carols: Client, endpoint: Endpoint, make_endpoint: Callable[..., Endpoint]
) -> None:
    few = _queries(carols)
    for number in range(4):
        make_endpoint(f"more-{number}", dataset=endpoint.dataset)
    assert _queries(carols) == few


def _queries(browser: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(MODELS).status_code == 200
    return len(queries)


def test_each_prompt_shows_what_is_in_use(carols: Client, dialogue: Dialogue) -> None:
    assert "The shipped text" in text_of(carols.get(f"{MODELS}prompts/"))
    for kind in PromptKind.values:
        page = text_of(carols.get(f"{MODELS}prompts/{kind}/"))
        assert "&lt;conversation" in page
        assert ("&lt;rewrites" in page) == (kind != "rewrite")
    assert carols.get(f"{MODELS}prompts/poem/").status_code == 404


def test_a_prompt_is_saved_compared_and_taken_back(carols: Client, dataset: Dataset) -> None:
    text = prompts.shipped(PromptKind.REWRITE).text.replace("different rewrites", "short rewrites")
    page = text_of(carols.post(REWRITE, {"text": text.replace("\n", "\r\n")}, follow=True))
    assert "Version 1 is in use from the next run on" in page
    version = text_of(carols.get(f"{REWRITE}versions/1/"))
    assert "<del>different </del>" in version
    assert "<ins>short </ins>" in version
    assert carols.get(f"{REWRITE}versions/9/").status_code == 404
    assert "nothing was saved" in text_of(carols.post(REWRITE, {"text": text}, follow=True))
    back = text_of(carols.post(f"{REWRITE}shipped/", follow=True))
    assert "it reads as shipped" in back
    assert Prompt.objects.filter(dataset=dataset).count() == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Write what the model is told"),
        ("no number", "needs $count"),
        ("$count $rubric", "Nothing is put in for $rubric"),
        ("$count" + "x" * 20_000, "1 to 20,000 characters"),
    ],
)
def test_a_prompt_that_cannot_work_is_refused_at_its_field(
    text: str, words: str, carols: Client
) -> None:
    response = carols.post(REWRITE, {"text": text})
    assert response.status_code == 422
    assert words in text_of(response)
    assert 'aria-invalid="true"' in text_of(response)
    assert not Prompt.objects.exclude(dataset=None).exists()


def test_what_is_typed_is_shown_and_not_saved(carols: Client, dialogue: Dialogue) -> None:
    sent = {"text": "Be brief: $count <b>", "dialogue": "d-1"}
    fragment = text_of(carols.post(f"{REWRITE}preview/", sent, headers=HTMX))
    assert "Be brief: 4 &lt;b&gt;" in fragment
    assert "<html" not in fragment
    whole = carols.post(f"{REWRITE}preview/", sent)
    assert whole.status_code == 200
    assert "Be brief: $count &lt;b&gt;</textarea>" in text_of(whole)
    wrong = text_of(carols.post(f"{REWRITE}preview/", sent | {"text": "x"}, headers=HTMX))
    assert "needs $count" in wrong
    missing = carols.post(f"{REWRITE}preview/", sent | {"dialogue": "nope\x00"}, headers=HTMX)
    assert "There is no dialogue" in text_of(missing)
    assert not Prompt.objects.exclude(dataset=None).exists()


def test_an_empty_dataset_has_nothing_to_preview(carols: Client) -> None:
    page = text_of(carols.get(f"{MODELS}prompts/judge/"))
    assert "There is no dialogue with candidates yet" in page


def test_other_weights_reckon_scores_anew_and_other_words_ask_again(
    carols: Client, dataset: Dataset, dialogue: Dialogue
) -> None:
    weighed = as_sent(rubrics.current(dataset), **{"clarity-weight": "7.5"})
    page = text_of(carols.post(RUBRIC, weighed, follow=True))
    assert "being reckoned anew" in page
    assert "asks all judges again" not in page
    assert rubrics.current(dataset).weights()["clarity"] == 7.5
    worded = weighed | {"clarity-level-3": "so-so"}
    assert "asks all judges again" in text_of(carols.post(RUBRIC, worded, follow=True))
    assert "nothing was saved" in text_of(carols.post(RUBRIC, worded, follow=True))
    version = text_of(carols.get(f"{RUBRIC}versions/2/"))
    assert "<ins>so-so" in version
    assert carols.get(f"{RUBRIC}versions/9/").status_code == 404
    assert "it reads as shipped" in text_of(carols.post(f"{RUBRIC}shipped/", follow=True))
    assert rubrics.current(dataset).version == 3


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"clarity-weight": "-1"}, "A weight is a number"),
        ({"clarity-weight": "much"}, "Give a number"),
        ({"clarity-weight": "nan"}, "Give a number"),
        ({"clarity-pass-mark": "6"}, "6 is not one of"),
        ({"clarity-level-2": ""}, "Describe it"),
        ({"clarity-question": "q" * 1001}, "Give a question of 1 to 1000"),
        ({f"{key}-weight": "0" for key in Criterion.values}, "needs a weight above 0"),
    ],
)
def test_a_rubric_that_cannot_be_is_refused_at_its_field(
    sent: dict[str, Any], words: str, carols: Client, dataset: Dataset
) -> None:
    response = carols.post(RUBRIC, as_sent(rubrics.current(dataset), **sent))
    assert response.status_code == 422
    assert words in text_of(response)
    assert not Rubric.objects.filter(dataset=dataset).exists()


@pytest.mark.parametrize(("person", "status"), [("alice", 403), ("bob", 403), ("dave", 404)])
def test_only_admins_see_or_change_models(
    person: str, status: int, request: pytest.FixtureRequest, endpoint: Endpoint, client_of: SignIn
) -> None:
    browser = client_of(request.getfixturevalue(person))
    pages = [MODELS, NEW, REMOTE, f"{MODELS}prompts/", REWRITE, RUBRIC]
    pages += [f"{REWRITE}versions/1/", f"{RUBRIC}versions/1/"]
    for address in pages:
        assert browser.get(address).status_code == status
    posts = [NEW, REMOTE, REWRITE, RUBRIC, f"{REWRITE}preview/", f"{REWRITE}shipped/"]
    posts += [f"{RUBRIC}shipped/", *(f"{REMOTE}{act}/" for act in ("try", "price", "retire"))]
    for address in [*posts, f"{REMOTE}price/remove/"]:
        assert browser.post(address, SENT).status_code == status
    assert Endpoint.objects.get() == endpoint
    assert not Call.objects.exists()
    assert not Rubric.objects.exclude(dataset=None).exists()


@pytest.mark.parametrize(
    "address",
    [
        *(f"{REMOTE}{action}/" for action in ("try", "price", "price/remove", "retire")),
        f"{REWRITE}preview/",
        f"{REWRITE}shipped/",
        f"{RUBRIC}shipped/",
    ],
)
def test_no_change_and_no_call_is_a_link(address: str, carols: Client) -> None:
    assert carols.get(address).status_code == 405


def test_an_endpoint_of_another_dataset_is_out_of_reach(
    carols: Client, make_endpoint: Callable[..., Endpoint]
) -> None:
    make_endpoint(dataset=Dataset.objects.create(slug="other", title="Other"))
    assert carols.get(REMOTE).status_code == 404
    assert carols.post(f"{REMOTE}try/").status_code == 404
    assert carols.post(f"{REMOTE}retire/").status_code == 404


@pytest.mark.parametrize("what", ["prompts/rewrite", "rubric"])
def test_an_older_version_is_put_to_use_again(
    dataset: Dataset, carol: User, client_of: SignIn, what: str
) -> None:
    browser, address = client_of(carol), f"/datasets/coast/models/{what}/"
    for number in (1, 2):
        if what == "rubric":
            shipped = rubrics.shipped().parts
            first = RubricCriterion(**{**vars(shipped[0]), "weight": float(number + 2)})
            rubrics.save(dataset=dataset, criteria=[first, *shipped[1:]])
        else:
            prompts.save(dataset=dataset, kind=PromptKind.REWRITE, text=f"Write $count, {number}.")
    old = browser.get(f"{address}versions/1/").content.decode()
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', old))
    fields.pop("csrfmiddlewaretoken", None)
    sent = {name: html.unescape(value) for name, value in fields.items()}
    assert browser.post(address, sent).status_code == 302
    if what == "rubric":
        assert rubrics.current(dataset).weights()["correctness"] == 3.0
        assert rubrics.current(dataset).version == 3
    else:
        assert prompts.current(PromptKind.REWRITE, dataset).text == "Write $count, 1.\n"
    assert "again</button>" not in browser.get(f"{address}versions/3/").content.decode()
