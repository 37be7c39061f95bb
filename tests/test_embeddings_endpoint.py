"""Vectors from a server: in the form that it takes, within its limits, each item by itself."""

import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.core.files.storage import default_storage
from django.utils import timezone
from numpy.typing import NDArray
from PIL import Image as Pillow

from generation import endpoints
from generation.calls.accounts import charged_to
from generation.calls.embedding import read_vectors
from generation.calls.trying import try_endpoint
from generation.connecting import Price, retire_endpoint, set_price
from generation.encoders.embedding_forms import EmbeddingSettings
from generation.encoders.endpoint import EndpointEncoder
from generation.encoders.protocol import Picture
from generation.errors import BudgetSpent, NotReady, UnknownEndpoint
from generation.models import Call, CallOutcome, ConfiguredRetriever, Endpoint, Job, Run
from generation.retrievers.corpora import index_of
from generation.retrievers.endpoint import EmbeddingsServer
from generation.retrievers.protocol import Sought
from generation.vectors import filling, spaces
from review.errors import Conflict, Invalid
from review.models import Dataset, Image
from review.pictures import keep
from tests.model_server import (
    BROKEN_BODY,
    MODEL,
    NOT_A_NUMBER,
    WRONG_COUNT,
    WRONG_DIMENSIONS,
    ZERO,
    Fault,
    ModelServer,
)
from tests.model_server.embeddings import Content

MakeEndpoint = Callable[..., Endpoint]
MakeEncoder = Callable[..., EndpointEncoder]


@pytest.fixture
def endpoint(dataset: Dataset, make_endpoint: MakeEndpoint) -> Endpoint:
    return make_endpoint(dataset=dataset, jobs=["embed"], prices={"input": 1})


@pytest.fixture
def encoder(dataset: Dataset, endpoint: Endpoint) -> MakeEncoder:
    def make(**settings: Any) -> EndpointEncoder:
        return EndpointEncoder(dataset, endpoint, EmbeddingSettings(dimensions=16, **settings))

    return make


def captioned(*captions: str) -> list[Picture]:
    return [Picture(f"image-{number}", caption, "") for number, caption in enumerate(captions)]


def painted(*colours: str) -> list[Picture]:
    return [Picture(colour, "", stored(colour)) for colour in colours]


def stored(colour: str) -> str:
    file = io.BytesIO()
    Pillow.new("RGB", (32, 24), colour).save(file, "PNG")
    return keep(file.getvalue()).name


def cosines(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = one @ other.T
    return found


def refuse(word: str, status: int = 400, message: str = "no") -> Callable[[Content], Any]:
    return lambda content: (status, message) if word in content.text else None


def test_texts_go_in_batches_and_each_call_is_in_the_ledger(
    dataset: Dataset, encoder: MakeEncoder, model_server: ModelServer
) -> None:
    texts = [f"lighthouse number {number}" for number in range(10)]
    found = encoder(batch=4).texts(texts)
    assert sorted(len(seen.body["input"]) for seen in model_server.embeddings) == [2, 4, 4]
    alone = encoder(batch=1).texts(texts)
    assert np.array_equal(found.vectors, alone.vectors)
    call = Call.objects.order_by("tokens_input")[0]
    assert (call.dataset, call.run, call.item, call.outcome) == (dataset, None, None, "ok")
    assert (call.tokens_input, call.cost_usd) == (3, Decimal("0.000003"))
    assert len(call.reply) < 300
    assert call.request["model"] == MODEL


def test_what_it_is_about_stands_with_the_query_or_the_caption(
    encoder: MakeEncoder, model_server: ModelServer
) -> None:
    made = encoder(
        query_prefix="query: ",
        document_prefix="passage: ",
        query_parameters={"task": "retrieval.query"},
    )
    made.texts(["a boat"])
    made.pictures(captioned("a tram"))
    first, second = [seen.body for seen in model_server.embeddings]
    assert (first["input"], first["task"]) == (["query: a boat"], "retrieval.query")
    assert (second["input"], second.get("task")) == (["passage: a tram"], None)
    assert first["dimensions"] == 16


@pytest.mark.parametrize("form", ["messages", "objects", "modality"])
def test_pictures_are_sent_in_the_form_that_the_server_takes(
    encoder: MakeEncoder, model_server: ModelServer, form: str
) -> None:
    made = encoder(images=form, batch=2)
    found = made.pictures(painted("blue", "red", "yellow"))
    assert np.argmax(cosines(made.texts(["red"]).vectors, found.vectors)) == 1
    assert len(model_server.embeddings) == (4 if form == "messages" else 3)
    kept = [str(call.request) for call in Call.objects.all()]
    assert max(map(len, kept)) < 400
    assert sum("sha256:" in request for request in kept) == len(kept) - 1


def test_texts_go_through_the_chat_template_where_they_must(
    dataset: Dataset, endpoint: Endpoint, model_server: ModelServer
) -> None:
    endpoint.extra_parameters = {"continue_final_message": True}
    settings = EmbeddingSettings(texts="messages", instruction="Represent it.", dimensions=16)
    EndpointEncoder(dataset, endpoint, settings).texts(["a boat", "a tram"])
    first = model_server.embeddings[0].body
    assert [message["role"] for message in first["messages"]] == ["system", "user", "assistant"]
    assert len(model_server.embeddings) == 2


def test_an_item_without_anything_to_send_says_why(encoder: MakeEncoder) -> None:
    assert "no caption" in encoder().pictures(captioned("a tram", " ")).reasons[1]
    pictures = [Picture("none", "", ""), *painted("thistle", "orchid")]
    default_storage.delete(pictures[1].file)
    found = encoder(images="modality").pictures(pictures)
    assert "has no file" in found.reasons[0]
    assert "no longer in the storage" in found.reasons[1]
    assert 2 not in found.reasons
    assert found.vectors[2].any()


@pytest.mark.parametrize("status", [400, 413, 422, 500])
def test_the_item_at_fault_is_found_and_the_others_get_their_vectors(
    encoder: MakeEncoder, model_server: ModelServer, status: int
) -> None:
    model_server.refuses = refuse("bad", status)
    found = encoder().pictures(captioned(*["good"] * 5, "bad", "good"))
    assert list(found.reasons) == [5]
    assert f"answered {status}" in found.reasons[5]
    assert found.vectors.any(axis=1).sum() == 6


@pytest.mark.parametrize(
    "fault", [WRONG_COUNT, WRONG_DIMENSIONS, NOT_A_NUMBER, ZERO, BROKEN_BODY], ids=lambda f: f.kind
)
def test_a_reply_that_is_no_good_is_asked_for_again(
    encoder: MakeEncoder, model_server: ModelServer, fault: Fault
) -> None:
    model_server.fail(fault)
    assert encoder().texts(["a boat", "a tram"]).vectors.any(axis=1).all()
    assert [call.outcome for call in Call.objects.all()] == ["unusable", "ok"]
    # Where all of them are, no item is at fault.
    model_server.always = fault
    with pytest.raises(NotReady, match="of no use now"):
        encoder().texts(["a boat", "a tram"])


@pytest.mark.parametrize("status", [401, 404])
def test_a_server_at_fault_blames_no_item(
    encoder: MakeEncoder, model_server: ModelServer, status: int
) -> None:
    model_server.always = Fault.answers(status)
    with pytest.raises(NotReady, match=str(status)):
        encoder().pictures(captioned("a boat", "a tram"))
    assert len(model_server.embeddings) == 1


def test_a_model_without_eyes_blames_no_picture(
    encoder: MakeEncoder, model_server: ModelServer
) -> None:
    model_server.refuses = lambda content: (400, "no images") if content.picture else None
    with pytest.raises(NotReady, match="no images"):
        encoder(images="objects").pictures(painted("red", "blue"))


def test_an_endpoint_that_fails_a_fifth_of_the_time_gives_everything(
    encoder: MakeEncoder, model_server: ModelServer
) -> None:
    model_server.failing_share = 0.2
    model_server.failing_kinds = (Fault.answers(500), Fault.rate_limited(0.05), BROKEN_BODY)
    found = encoder(batch=2).texts([f"text {number}" for number in range(60)])
    assert found.vectors.any(axis=1).all()
    assert not found.reasons
    assert not Call.objects.filter(outcome=CallOutcome.SENT).exists()


def test_calls_keep_within_what_the_endpoint_bears(
    encoder: MakeEncoder, endpoint: Endpoint, model_server: ModelServer
) -> None:
    endpoint.most_in_flight = 3
    model_server.latency = 0.02
    encoder(batch=1).texts([f"text {number}" for number in range(12)])
    assert model_server.most_at_once == 3


def test_a_text_is_cut_where_the_settings_or_the_server_say_so(
    encoder: MakeEncoder, model_server: ModelServer
) -> None:
    made = encoder(most_characters=40, query_prefix="query: ")
    texts = ["a boat", "a boat " * 4, "a boat " * 5, "a boat " * 6]
    assert made.texts(texts).cut == (False, False, True, True)
    assert made.longest_fitting(texts) == 1
    assert len(encoder(most_tokens=10).texts(["曇りの日の灯台の写真"]).cut) == 1
    too_long = (400, "This model's maximum context length is 100 tokens.")
    model_server.refuses = lambda content: too_long if len(content.text) > 300 else None
    found = encoder().texts(["a boat", "a boat " * 100])
    assert (found.cut, found.reasons) == ((False, True), {})


def test_in_a_run_calls_are_on_its_account(dataset: Dataset, encoder: MakeEncoder) -> None:
    run = Run.objects.create(dataset=dataset, kind="benchmark", budget_usd=Decimal("0.0001"))
    with charged_to(run):
        encoder().texts(["three words here"])
        with pytest.raises(BudgetSpent):
            encoder().texts(["far too many words " * 20])
    assert run.calls.get().cost_usd == Decimal("0.000003")
    encoder().texts(["far too many words " * 20])


def test_a_run_with_an_event_loop_of_its_own_asks_as_well(
    dataset: Dataset, encoder: MakeEncoder
) -> None:
    run = Run.objects.create(dataset=dataset, kind="benchmark")

    async def conclude() -> NDArray[np.float32]:
        with charged_to(run):
            return (await sync_to_async(encoder().texts)(["a boat"])).vectors

    assert async_to_sync(conclude)().any()
    assert run.calls.get().outcome == CallOutcome.OK


def test_a_corpus_is_searched_by_the_model_of_a_server(
    dataset: Dataset, endpoint: Endpoint, model_server: ModelServer, settings: Any, tmp_path: Any
) -> None:
    settings.RECORD_DIR = tmp_path
    model_server.dimensions = 32
    for colour in ("red", "blue", "green"):
        file = stored(colour)
        Image.objects.create(dataset=dataset, external_id=colour, file=file, added_version=1)
    Dataset.objects.filter(pk=dataset.pk).update(corpus_version=1)
    row = ConfiguredRetriever.objects.create(
        dataset=dataset,
        name="server",
        kind="endpoint",
        endpoint=endpoint,
        settings=EmbeddingsServer.settings({"images": "messages"}),
    )
    retriever = spaces.prepared(row)
    assert retriever is not None
    assert filling.fill(retriever.space(), retriever.encoder())
    _, index = index_of(dataset, retriever)
    asked = model_server.embedded
    for _ in range(2):
        queries = retriever.queries(["blue"])
        [hits] = index.search(queries, [Sought([index.places["blue"]])])
        assert hits.ranks[0].rank == 1
    assert model_server.embedded == asked + 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"image": "captions"}, "no setting “image”"),
        ({"images": "vllm"}, "one of captions, messages, objects, modality"),
        ({"dimensions": 0}, "from 1 to 16,000"),
        ({"batch": True}, "whole number"),
        ({"query_parameters": {"model": "x"}}, "“query_parameters”: “model” is set by ReCQR"),
        ({"query_parameters": ["x"]}, "JSON object"),
        ({"instruction": "Find it."}, "set “texts” or “images”"),
        ({"most_characters": 32, "query_prefix": "x" * 40}, "no room behind the prefix"),
    ],
)
def test_settings_that_cannot_be_are_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid) as refused:
        EmbeddingsServer.settings(given)
    assert words in str(refused.value)


def test_only_what_changes_vectors_changes_the_hash(encoder: MakeEncoder) -> None:
    usual = encoder().fingerprint()
    assert encoder(batch=3).fingerprint() == usual
    others = [{"query_prefix": "q: "}, {"images": "objects"}, {"most_tokens": 99}]
    assert len({usual, *(encoder(**other).fingerprint() for other in others)}) == 4
    assert EmbeddingsServer.settings({"images": "captions", "longest_side": 512}) == {}


def test_a_model_that_makes_vectors_is_for_retrievers_alone(
    dataset: Dataset, endpoint: Endpoint
) -> None:
    assert [one.name for one in endpoints.chosen([], dataset, "rewrite")] == ["offline"]
    assert "remote" not in endpoints.names(dataset)
    with pytest.raises(UnknownEndpoint, match="makes vectors"):
        endpoints.chosen(["remote"], dataset, "rewrite")
    # It writes nothing, so its price is that of what it reads.
    price = set_price(endpoint=endpoint, price=Price(timezone.now().date(), Decimal(2)))
    assert (price.output, endpoint.has_prices(price.since)) == (None, True)


def test_an_endpoint_that_a_retriever_asks_is_not_retired(
    dataset: Dataset, endpoint: Endpoint
) -> None:
    row = ConfiguredRetriever.objects.create(
        dataset=dataset, name="server", kind="endpoint", endpoint=endpoint
    )
    with pytest.raises(Conflict, match="“server” asks it"):
        retire_endpoint(endpoint=endpoint)
    ConfiguredRetriever.objects.filter(pk=row.pk).update(retired=True)
    assert not retire_endpoint(endpoint=endpoint)


def test_a_try_shows_the_vector_of_a_text(
    dataset: Dataset, endpoint: Endpoint, model_server: ModelServer
) -> None:
    tried = try_endpoint(dataset=dataset, endpoint=endpoint)
    assert (tried.dimensions, tried.texts, tried.problem) == (16, [], "")
    assert tried.call is not None
    assert tried.call.cost_usd == Decimal("0.00001")
    model_server.fail(Fault.answers(400))
    assert "makes vectors" in try_endpoint(dataset=dataset, endpoint=endpoint, job=Job.EMBED).mend


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"embedding": [[1.0, 2.0]]}], "several vectors"),
        ([{"embedding": [1e39, 1.0]}], "finite"),
        ([{"embedding": "!"}], "no list of numbers"),
        ([{"embedding": ["x"]}], "no list of numbers"),
        ([{"embedding": []}], "no list of numbers"),
        ([{"index": 1, "embedding": [1.0]}], "which vector is of which input"),
        (["x"], "no embeddings"),
    ],
)
def test_what_is_no_vector_is_not_taken_for_one(rows: list[Any], words: str) -> None:
    reading = read_vectors(str({"data": rows}).replace("'", '"'), count=1)
    assert words in reading.unusable
    assert reading.answer is None
