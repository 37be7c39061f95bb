"""`start_run` says what it did in one line, and tells a broken wish from failed work."""

import json
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from generation.models import Endpoint, Run, RunStatus
from review.models import Dataset, Dialogue, Import, Stage
from tests.model_server import Fault, ModelServer

Make = Callable[..., Dialogue]
KEYS = ["run", "kind", "status", "planned", "done", "failed", "calls", "cost_usd", "seconds"]


@pytest.fixture
def dialogue(make_dialogue: Make) -> Dialogue:
    return make_dialogue(stage=Stage.IMPORTED)


def start_run(*words: str) -> str:
    out = StringIO()
    call_command("start_run", *words, stdout=out, stderr=StringIO())
    return out.getvalue()


def outcome(*words: str) -> dict[str, object]:
    return json.loads(start_run(*words, "--json").splitlines()[-1])


def test_json_is_one_object_with_exactly_the_agreed_keys(
    dataset: Dataset, dialogue: Dialogue
) -> None:
    found = outcome("coast", "rewrite", "--wait")
    assert list(found) == KEYS
    assert found == {
        **found,
        "kind": "rewrite",
        "status": "done",
        "planned": 1,
        "done": 1,
        "failed": 0,
        "calls": 0,
        "cost_usd": 0,
    }


def test_without_a_worker_waiting_does_the_work_itself(
    dataset: Dataset, dialogue: Dialogue
) -> None:
    assert "1 of 1" in start_run("coast", "rewrite", "--wait")
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.PROPOSED


def test_without_a_worker_and_without_waiting_it_says_so(
    dataset: Dataset, dialogue: Dialogue
) -> None:
    assert "No worker is running: the run is saved" in start_run("coast", "rewrite")
    assert Run.objects.get().status == RunStatus.RUNNING


def test_failed_items_are_an_exit_code_of_1(
    dataset: Dataset,
    dialogue: Dialogue,
    make_endpoint: Callable[..., Endpoint],
    model_server: ModelServer,
) -> None:
    make_endpoint()
    model_server.always = Fault.answers(400)
    with pytest.raises(SystemExit) as ended:
        start_run("coast", "rewrite", "--endpoint", "remote", "--wait")
    assert ended.value.code == 1


def test_an_unknown_price_is_null(
    dataset: Dataset,
    dialogue: Dialogue,
    make_endpoint: Callable[..., Endpoint],
) -> None:
    make_endpoint(prices=None)
    assert outcome("coast", "rewrite", "--endpoint", "remote", "--wait")["cost_usd"] is None


ESTIMATED = [
    "planned",
    "done",
    "calls",
    "tokens_input",
    "tokens_output",
    "cost_usd",
    "seconds",
    "is_measured",
    "endpoints",
]


def test_an_estimate_starts_nothing(
    dataset: Dataset, dialogue: Dialogue, make_endpoint: Callable[..., Endpoint]
) -> None:
    make_endpoint()
    words = ("coast", "rewrite", "--endpoint", "remote", "offline", "--estimate")
    found = outcome(*words)
    assert list(found) == ESTIMATED
    assert (found["planned"], found["done"], found["calls"]) == (2, 0, 1)
    assert isinstance(found["cost_usd"], float)
    told = start_run(*words)
    assert "2 items: 1 calls, $0.00" in told
    assert "offline: offline, no calls" in told
    assert "a first guess" in told
    assert not Run.objects.exists()


def test_every_option_is_kept_with_the_run(
    dataset: Dataset, dialogue: Dialogue, make_endpoint: Callable[..., Endpoint]
) -> None:
    make_endpoint("judge", sees_images=True, has_batches=True)
    chosen = ["--words", "cloudy", "--stage", "imported", "--sample", "5", "--limit", "3"]
    shown = ["--images", "256", "--image-format", "webp", "--most-images", "2"]
    target = ["--show-target", "caption", "image"]
    how = ["--pairwise", "--best", "4", "--batch", "--budget", "2.50"]
    start_run("coast", "judge", "--endpoint", "judge", *chosen, *shown, *target, *how)
    run = Run.objects.get()
    assert run.parameters == {
        **run.parameters,
        "filter": {"words": "cloudy", "stage": "imported", "sample": 5},
        "limit": 3,
        "images": {"longest_side": 256, "format": "webp", "most": 2},
        "target": ["caption", "image"],
        "pairwise": True,
        "best": 4,
        "batch": True,
    }
    assert str(run.budget_usd) == "2.500000"
    start_run("coast", "judge", "--endpoint", "judge", "--both-orders", "--images")
    again = Run.objects.latest("pk")
    assert again.parameters["both_orders"] is True
    assert again.parameters["images"]["longest_side"] == 512


def test_only_dialogues_of_the_named_import_are_planned(
    dataset: Dataset, dialogue: Dialogue, make_dialogue: Make
) -> None:
    came_with = Import.objects.create(dataset=dataset, source="s", format="native")
    make_dialogue("d-2", stage=Stage.IMPORTED, imported_by=came_with)
    found = outcome("coast", "rewrite", "--import", str(came_with.pk), "--estimate")
    assert found["planned"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dunes", "rewrite"], "no dataset “dunes”. There are: coast."),
        (["coast", "rewrite", "--endpoint", "gpt"], "no endpoint “gpt”. There are: offline."),
        (["coast", "dream"], "choose from"),
        (["coast", "rewrite", "--budget", "much"], "no amount in dollars"),
        (["coast", "rewrite", "--candidates", "99"], "1 to 20"),
        (["coast", "rewrite", "--estimate", "--candidates", "99"], "1 to 20"),
        (["coast", "rewrite", "--import", "99"], "no import 99"),
        (["coast", "rewrite", "--sample", "0"], "at least 1 dialogue"),
        (["coast", "rewrite", "--images", "9"], "256 to 2,048"),
        (["coast", "rewrite", "--show-target", "image"], "send them"),
        (["coast", "judge", "--pairwise", "--best", "9"], "best 2 to 6"),
    ],
)
def test_what_could_not_run_is_an_exit_code_of_2(
    dataset: Dataset, words: list[str], said: str
) -> None:
    with pytest.raises(CommandError, match=said.replace(".", r"\.")) as error:
        start_run(*words)
    assert error.value.returncode in {1, 2}
    assert not Run.objects.exists()
