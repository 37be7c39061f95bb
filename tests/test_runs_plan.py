"""A run freezes its plan; a rerun plans the same and repeats nothing."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import LazySettings

from generation import endpoints, prompts
from generation.models import Endpoint, Run, RunStatus
from generation.runs import lifecycle
from generation.runs.draining import drain
from generation.runs.progress import Progress, progress_of
from review.errors import Invalid, Missing, NotAllowed
from review.models import Dataset, Dialogue, Stage, User
from tests.model_server import MODEL, Fault, ModelServer

Make = Callable[..., Dialogue]
MakeEndpoint = Callable[..., Endpoint]


@pytest.fixture
def dialogues(make_dialogue: Make) -> list[Dialogue]:
    return [make_dialogue(f"d-{number}", stage=Stage.IMPORTED) for number in range(4)]


def done(dataset: Dataset, kind: str = "rewrite", **options: object) -> Progress:
    run = lifecycle.start(dataset=dataset, kind=kind, **options)
    drain(run.pk)
    return progress_of(run)


def counts(progress: Progress) -> tuple[int, int, int, int]:
    return progress.planned, progress.done, progress.failed, progress.calls


def test_without_a_server_the_offline_machines_do_the_work(
    dataset: Dataset, dialogues: list[Dialogue]
) -> None:
    assert counts(done(dataset)) == (4, 4, 0, 0)
    assert counts(done(dataset, "judge")) == (4, 4, 0, 0)
    for dialogue in Dialogue.objects.all():
        assert dialogue.stage == Stage.JUDGED
        assert {c.author for c in dialogue.candidates.all()} == {"offline rewriter"}
        assert dialogue.panel_score is not None


def test_a_rerun_plans_the_same_and_calls_nobody(
    dataset: Dataset,
    dialogues: list[Dialogue],
    make_endpoint: MakeEndpoint,
    model_server: ModelServer,
) -> None:
    make_endpoint()
    for kind in ["rewrite", "judge"]:
        assert counts(done(dataset, kind, endpoints=["remote"])) == (4, 4, 0, 4)
        again = done(dataset, kind, endpoints=["remote"])
        assert counts(again) == (4, 4, 0, 0)
        assert again.status == RunStatus.DONE


def test_a_rerun_with_a_limit_plans_the_same_dialogues(
    dataset: Dataset, dialogues: list[Dialogue]
) -> None:
    first = lifecycle.start(dataset=dataset, kind="rewrite", limit=2)
    drain(first.pk)
    again = lifecycle.start(dataset=dataset, kind="rewrite", limit=2)
    planned = [
        list(run.items.values_list("dialogue__external_id", flat=True)) for run in (first, again)
    ]
    assert planned[0] == planned[1] == ["d-0", "d-1"]


def test_other_parameters_another_model_and_another_prompt_are_other_work(
    dataset: Dataset,
    dialogues: list[Dialogue],
    make_endpoint: MakeEndpoint,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    endpoint = make_endpoint()
    done(dataset, endpoints=["remote"])
    assert done(dataset, endpoints=["remote"], candidates=2).calls == 4
    Endpoint.objects.filter(pk=endpoint.pk).update(model="another")
    assert done(dataset, endpoints=["remote"]).calls == 4
    text = (prompts.TEXTS / "rewrite.md").read_text()
    (tmp_path / "rewrite.md").write_text(f"{text}One more rule.\n")
    monkeypatch.setattr(prompts, "TEXTS", tmp_path)
    assert done(dataset, endpoints=["remote"]).calls == 4


def test_failed_items_are_tried_again_by_a_rerun(
    dataset: Dataset,
    dialogues: list[Dialogue],
    make_endpoint: MakeEndpoint,
    model_server: ModelServer,
) -> None:
    make_endpoint()
    model_server.fail(Fault.answers(400))
    assert counts(done(dataset, endpoints=["remote"])) == (4, 3, 1, 4)
    assert counts(done(dataset, endpoints=["remote"])) == (4, 4, 0, 1)


def test_a_new_round_is_new_work(dataset: Dataset, dialogues: list[Dialogue]) -> None:
    done(dataset)
    Dialogue.objects.filter(external_id="d-0").update(round=1, stage=Stage.IMPORTED)
    run = lifecycle.start(dataset=dataset, kind="rewrite")
    assert run.items.pending().get().dialogue.external_id == "d-0"


def test_work_that_another_run_did_meanwhile_is_not_paid_twice(
    dataset: Dataset,
    dialogues: list[Dialogue],
    make_endpoint: MakeEndpoint,
    model_server: ModelServer,
) -> None:
    make_endpoint()
    first = lifecycle.start(dataset=dataset, kind="rewrite", endpoints=["remote"])
    second = lifecycle.start(dataset=dataset, kind="rewrite", endpoints=["remote"])
    drain(first.pk)
    drain(second.pk)
    assert counts(progress_of(second)) == (4, 4, 0, 0)
    assert len(model_server.completions) == 4


def test_several_endpoints_each_do_every_dialogue(
    dataset: Dataset, dialogues: list[Dialogue], make_endpoint: MakeEndpoint
) -> None:
    make_endpoint()
    progress = done(dataset, endpoints=["remote", "offline"], limit=3)
    assert counts(progress) == (6, 6, 0, 3)


def test_settled_dialogues_are_left_alone(dataset: Dataset, make_dialogue: Make) -> None:
    make_dialogue()
    Dialogue.objects.update(stage=Stage.REJECTED)
    assert done(dataset).planned == 0


def test_an_unknown_endpoint_is_refused_with_those_there_are(
    dataset: Dataset, make_endpoint: MakeEndpoint
) -> None:
    make_endpoint()
    with pytest.raises(Missing, match=r"no endpoint “other”\. There are: offline, remote"):
        lifecycle.start(dataset=dataset, kind="rewrite", endpoints=["remote", "other"])
    assert not Run.objects.exists()


def test_the_environment_makes_an_endpoint_of_the_first_model_listed(
    dataset: Dataset, settings: LazySettings, model_server: ModelServer
) -> None:
    settings.OPENAI_BASE_URL = model_server.base_url
    [endpoint] = endpoints.chosen([], dataset, "rewrite")
    assert (endpoint.name, endpoint.model) == ("default", MODEL)
    assert endpoint.key_variable == "OPENAI_API_KEY"


def test_a_named_model_is_not_looked_for(
    dataset: Dataset, settings: LazySettings, model_server: ModelServer
) -> None:
    settings.OPENAI_BASE_URL, settings.OPENAI_MODEL = model_server.base_url, "mine"
    assert endpoints.chosen([], dataset, "rewrite")[0].model == "mine"
    assert not model_server.seen


def test_a_server_that_cannot_be_asked_for_models_is_named(
    dataset: Dataset, settings: LazySettings
) -> None:
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    with pytest.raises(Invalid, match=r"http://127\.0\.0\.1:9/v1 did not list its models"):
        endpoints.chosen([], dataset, "rewrite")


def test_the_key_goes_over_the_wire_and_into_no_row(
    dataset: Dataset,
    dialogues: list[Dialogue],
    settings: LazySettings,
    model_server: ModelServer,
) -> None:
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = model_server.base_url, "sk-only-here"
    run = lifecycle.start(dataset=dataset, kind="rewrite", limit=1)
    drain(run.pk)
    assert model_server.completions[0].headers["authorization"] == "Bearer sk-only-here"
    assert "sk-only-here" not in str([*run.calls.values(), *Endpoint.objects.values()])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "dream"}, "rewrite, judge, check, benchmark"),
        ({"kind": "rewrite", "candidates": 0}, "1 to 20"),
        ({"kind": "rewrite", "limit": 0}, "at least 1"),
        ({"kind": "rewrite", "budget": Decimal(-1)}, "dollars"),
        ({"kind": "rewrite", "budget": Decimal("NaN")}, "dollars"),
        ({"kind": "check", "endpoints": ["offline"]}, "no endpoint"),
    ],
)
def test_bad_wishes_are_refused_in_words(
    dataset: Dataset, options: dict[str, object], words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        lifecycle.start(dataset=dataset, **options)


def test_only_admins_start_and_stop(dataset: Dataset, alice: User, carol: User) -> None:
    with pytest.raises(NotAllowed):
        lifecycle.start(dataset=dataset, kind="rewrite", by=alice)
    run = lifecycle.start(dataset=dataset, kind="rewrite", by=carol)
    with pytest.raises(NotAllowed):
        lifecycle.stop(run=run, by=alice)
