"""Which pictures a model is sent, and that the record tells what it saw of the right answer."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image as Pillow

from generation.models import Call, Endpoint, Run
from generation.runs import lifecycle
from generation.runs.draining import drain
from generation.seeing import ImageSettings
from review import pictures
from review.errors import Invalid
from review.models import Candidate, Dataset, Dialogue, Image, Judgement, Stage
from tests.model_server import ModelServer

Make = Callable[..., Dialogue]
MakeEndpoint = Callable[..., Endpoint]
IMAGES = ImageSettings(longest_side=256)


@pytest.fixture
def pictured(dataset: Dataset, images: list[Image]) -> list[Image]:
    """Every image of the dataset with a picture of its own."""
    for number, image in enumerate(images):
        drawn = io.BytesIO()
        Pillow.new("RGB", (40, 30), (40 * number, 90, 120)).save(drawn, "PNG")
        kept = pictures.keep(drawn.getvalue())
        image.file, image.sha256 = kept.name, kept.sha256
        image.save()
    return images


@pytest.fixture
def dialogue(make_dialogue: Make, pictured: list[Image]) -> Dialogue:
    return make_dialogue(stage=Stage.IMPORTED)


def rewrite(dataset: Dataset, **wishes: Any) -> Run:
    run = lifecycle.start(dataset=dataset, kind="rewrite", endpoints=["remote"], **wishes)
    drain(run.pk)
    return run


def content(server: ModelServer) -> Any:
    return server.completions[-1].body["messages"][1]["content"]


def parts(server: ModelServer) -> list[str]:
    """The kinds of the parts that were sent, texts by their beginning."""
    return [
        one["text"].split()[0] if one["type"] == "text" else "picture" for one in content(server)
    ]


def conversation(server: ModelServer) -> dict[str, Any]:
    told = content(server)
    text = told if isinstance(told, str) else told[0]["text"]
    found: dict[str, Any] = json.loads("\n".join(text.split("\n\n")[0].splitlines()[1:-1]))
    return found


def test_images_go_where_an_endpoint_sees_them_and_the_run_says_so(
    dataset: Dataset, dialogue: Dialogue, make_endpoint: MakeEndpoint, model_server: ModelServer
) -> None:
    make_endpoint(sees_images=True)
    rewrite(dataset, images=IMAGES)
    assert parts(model_server) == ["<conversation", "image", "picture"]
    assert conversation(model_server)["turns"][0]["images shown"] == ["image 1"]
    url = content(model_server)[2]["image_url"]["url"]
    assert url.startswith("data:image/jpeg;base64,")


@pytest.mark.parametrize(("sees", "sent"), [(False, IMAGES), (True, None)])
def test_otherwise_they_are_only_counted(
    dataset: Dataset,
    dialogue: Dialogue,
    make_endpoint: MakeEndpoint,
    model_server: ModelServer,
    sees: bool,
    sent: ImageSettings | None,
) -> None:
    make_endpoint(sees_images=sees)
    rewrite(dataset, images=sent)
    assert conversation(model_server)["turns"][0]["images shown"] == 1
    assert isinstance(content(model_server), str)


def test_the_ledger_keeps_what_was_sent_by_its_checksum(
    dataset: Dataset, dialogue: Dialogue, make_endpoint: MakeEndpoint
) -> None:
    make_endpoint(sees_images=True)
    rewrite(dataset, images=IMAGES)
    kept = json.dumps(Call.objects.get().request)
    assert "base64" not in kept
    assert "sha256:" in kept


def test_the_last_images_go_where_there_are_too_many(
    dataset: Dataset,
    make_dialogue: Make,
    pictured: list[Image],
    make_endpoint: MakeEndpoint,
    model_server: ModelServer,
) -> None:
    turns = [
        {"role": "user", "text": "These.", "images": ["pier", "cabin"]},
        {"role": "user", "text": "And that?", "images": ["lighthouse-sunny"]},
    ]
    make_dialogue(stage=Stage.IMPORTED, turns=turns)
    make_endpoint(sees_images=True)
    rewrite(dataset, images=ImageSettings(longest_side=256, most=2))
    told = conversation(model_server)
    unseen = "an image that is not shown here"
    assert told["turns"][0]["images shown"] == [unseen, "image 1"]
    assert told["images shown with the final query"] == ["image 2"]
    assert parts(model_server).count("picture") == 2


def test_an_image_without_a_file_is_said_not_to_be_shown(
    dataset: Dataset, dialogue: Dialogue, make_endpoint: MakeEndpoint, model_server: ModelServer
) -> None:
    Image.objects.filter(external_id="pier").update(file="", sha256="")
    make_endpoint(sees_images=True)
    rewrite(dataset, images=IMAGES)
    assert conversation(model_server)["turns"][0]["images shown"] == 1
    assert isinstance(content(model_server), str)


def test_by_default_no_model_sees_anything_of_the_target(
    dataset: Dataset, dialogue: Dialogue, make_endpoint: MakeEndpoint, model_server: ModelServer
) -> None:
    make_endpoint(sees_images=True)
    rewrite(dataset, images=IMAGES)
    assert "old lighthouse on a breakwater under" not in json.dumps(content(model_server))
    assert not Call.objects.get().saw_target
    assert set(Candidate.objects.values_list("saw_target", flat=True)) == {False}


def test_a_shown_target_is_recorded_with_the_call_and_what_came_of_it(
    dataset: Dataset, dialogue: Dialogue, make_endpoint: MakeEndpoint, model_server: ModelServer
) -> None:
    make_endpoint(sees_images=True)
    rewrite(dataset, images=IMAGES, target=["caption", "image"])
    caption = conversation(model_server)["caption of the image that the user means"]
    assert caption == "an old lighthouse on a breakwater under a cloudy sky"
    assert parts(model_server) == ["<conversation", "image", "picture", "the", "picture"]
    assert Call.objects.get().saw_target
    assert set(Candidate.objects.values_list("saw_target", flat=True)) == {True}


def test_a_judge_that_is_shown_the_target_says_so_too(
    dataset: Dataset, dialogue: Dialogue, make_endpoint: MakeEndpoint
) -> None:
    make_endpoint()
    rewrite(dataset)
    run = lifecycle.start(dataset=dataset, kind="judge", endpoints=["remote"], target=["caption"])
    drain(run.pk)
    assert run.calls.get().saw_target
    assert set(Judgement.objects.values_list("saw_target", flat=True)) == {True}


def test_other_images_are_other_work_for_rewriters_and_judges(
    dataset: Dataset, dialogue: Dialogue, make_endpoint: MakeEndpoint
) -> None:
    make_endpoint(sees_images=True)
    for kind in ("rewrite", "judge"):
        for wishes in ({}, {"images": IMAGES}, {"images": IMAGES, "target": ["caption"]}):
            for calls in (1, 0):
                run = lifecycle.start(dataset=dataset, kind=kind, endpoints=["remote"], **wishes)
                drain(run.pk)
                assert run.calls.count() == calls, (kind, wishes)


def test_the_targets_image_needs_images_to_be_sent(
    dataset: Dataset, dialogue: Dialogue, make_endpoint: MakeEndpoint
) -> None:
    make_endpoint(sees_images=True)
    with pytest.raises(Invalid, match="goes with the other images"):
        lifecycle.start(dataset=dataset, kind="rewrite", endpoints=["remote"], target=["image"])
