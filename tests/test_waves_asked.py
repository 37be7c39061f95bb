"""Programs and commands draw waves by the same rules as the page; what was lost is drawn all the
same, and nothing is drawn twice."""

import io
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from review.calibration.sampling import drawing, waves
from review.calibration.sampling.tasks import draw_waves, sweep_waves
from review.models import Dataset, Dialogue, Drawn, User, Wave

Make = Callable[..., Dialogue]
Program = Callable[[User], Client]
ADDRESS = "/api/v1/datasets/coast/waves/"


def post(program: Client, body: object, to: str = ADDRESS) -> Any:
    return program.post(to, body, content_type="application/json")


@pytest.fixture
def three(make_dialogue: Make) -> list[Dialogue]:
    return [make_dialogue(f"d-{n}", language="de" if n else "en") for n in range(3)]


def test_an_admins_program_looks_draws_reads_and_closes(
    dataset: Dataset, three: list[Dialogue], carol: User, bob: User, program_of: Program
) -> None:
    asked = {"kind": "uniform", "size": 1, "narrowed": {"language": "de"}}
    told = post(program_of(carol), asked, f"{ADDRESS}?dry_run=true").json()
    assert told == {
        "dialogues": 2,
        "expected": 1,
        "lowest": 0.5,
        "highest": 0.5,
        "sentences": ["Left out: 1 dialogue of another part of the dataset."],
    }
    assert not Wave.objects.exists()
    answer = post(program_of(carol), asked)
    assert answer.status_code == 202
    assert answer.json()["words"] == "It waits for a worker."
    draw_waves(dataset.pk)
    [line] = program_of(bob).get(ADDRESS).json()
    assert (line["number"], line["dialogues"], line["drawn"], line["waiting"]) == (1, 2, 1, 1)
    assert program_of(bob).get(f"{ADDRESS}1/").json() == line
    closed = post(program_of(carol), {}, f"{ADDRESS}1/close/")
    assert "It is closed" in closed.json()["words"]
    assert post(program_of(carol), {}, f"{ADDRESS}1/close/").status_code == 409
    assert program_of(bob).get(f"{ADDRESS}7/").status_code == 404


def test_a_program_hears_which_field_is_at_fault(
    three: list[Dialogue], carol: User, program_of: Program
) -> None:
    for asked, field in (
        ({"kind": "uniform", "size": 4}, "size"),
        ({"kind": "informative", "size": 2, "even_share": 0.1}, "even_share"),
        ({"kind": "clever", "size": 2}, "kind"),
        ({"kind": "uniform", "size": 1, "narrowed": {"colour": "red"}}, "narrowed"),
    ):
        answer = post(program_of(carol), asked)
        assert answer.status_code == 400, asked
        assert field in {error["field"] for error in answer.json()["errors"]}, asked


def test_others_draw_none(
    three: list[Dialogue], alice: User, bob: User, dave: User, program_of: Program
) -> None:
    asked = {"kind": "uniform", "size": 1}
    drawing_by = [post(program_of(user), asked).status_code for user in (alice, bob, dave)]
    assert drawing_by == [403, 403, 404]
    reading = [program_of(user).get(ADDRESS).status_code for user in (alice, bob, dave)]
    assert reading == [403, 200, 404]


def command(*words: str) -> str:
    out = io.StringIO()
    call_command("draw_wave", "coast", *words, stdout=out)
    return out.getvalue()


def test_the_command_draws_here_and_now(three: list[Dialogue]) -> None:
    looked = json.loads(command("2", "--narrow", "language=de", "--dry-run", "--json"))
    assert (looked["dialogues"], Wave.objects.count()) == (2, 0)
    drawn = json.loads(command("2", "--narrow", "language=de", "--json"))
    assert (drawn["wave"], drawn["drawn"], drawn["lowest"]) == (1, 2, 1.0)
    assert "Wave 2: 1 of 1 dialogue drawn." in command("1")
    for words in (["1"], ["1", "--narrow", "german"], ["1", "--even-share", "0.7"]):
        with pytest.raises(CommandError) as refused:
            command(*words)
        assert refused.value.returncode == 2


def test_a_wave_that_cannot_be_drawn_any_more_says_why(
    dataset: Dataset, three: list[Dialogue]
) -> None:
    wave = waves.draw(dataset=dataset, kind="uniform", size=3)
    Dialogue.objects.filter(pk=three[0].pk).update(places_taken=1)
    sweep_waves()
    drawing.carry_out(dataset)
    wave.refresh_from_db()
    assert "There are 2 dialogues to draw from." in wave.failure
    assert wave.drawn_at is None


def test_what_dies_in_the_middle_leaves_nothing_half_drawn(
    dataset: Dataset, three: list[Dialogue], monkeypatch: pytest.MonkeyPatch
) -> None:
    wave = waves.draw(dataset=dataset, kind="uniform", size=2)

    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(drawing.bulk, "update", die)
        with pytest.raises(SystemExit):
            draw_waves(dataset.pk)
    wave.refresh_from_db()
    assert (wave.drawn_at, wave.failure, Drawn.objects.count()) == (None, "", 0)
    # The lease spares the sweep; a worker that the broker sends it to again goes on at once.
    assert not waves.awaiting().exists()
    draw_waves(dataset.pk)
    wave.refresh_from_db()
    assert (wave.frame["drawn"], Drawn.objects.count()) == (2, 2)


@pytest.mark.django_db(transaction=True)
def test_two_draws_at_the_same_moment_draw_nothing_twice(
    dataset: Dataset, make_dialogue: Make
) -> None:
    for n in range(6):
        make_dialogue(f"d-{n}")
    together = threading.Barrier(2)

    def ask_and_draw() -> None:
        together.wait()
        waves.draw(dataset=dataset, kind="uniform", size=3)
        drawing.carry_out(dataset)
        connection.close()

    threads = [threading.Thread(target=ask_and_draw) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    drawing.carry_out(dataset)
    assert [wave.number for wave in Wave.objects.all()] == [1, 2]
    assert {wave.frame["drawn"] for wave in Wave.objects.all()} == {3}
    assert Drawn.objects.values("dialogue").distinct().count() == 6
