"""The log of a run's calls, and each of them as it reads, whatever was sent and came."""

import hashlib
import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from PIL import Image as Picture

from generation.models import Call, CallOutcome, Run, RunItem
from generation.pages.transcripts import laid_out
from generation.prompts import fenced
from generation.seeing import ImageSettings, image_part, redacted
from review.models import Dialogue, Image, User

SignIn = Callable[[User], Client]
MakeDialogue = Callable[..., Dialogue]
MakeCall = Callable[..., Call]

ADDRESS = "/datasets/coast/runs/"
HTMX = {"HX-Request": "true"}


def test_a_call_shows_its_request_and_reply_as_text(
    carol: User, item: RunItem, client_of: SignIn, make_call: MakeCall
) -> None:
    call = make_call(item, request={"messages": ["<b>said</b>"]}, reply="<script>no</script>")
    page = client_of(carol).get(f"{ADDRESS}{item.run_id}/calls/{call.pk}/").content.decode()
    assert "&lt;b&gt;said" in page
    assert "<script>no" not in page


MODELS = {"parameters": {"models": {"offline": ""}}}


def test_the_log_of_calls_is_narrowed_by_its_address(
    carol: User, item: RunItem, make_dialogue: MakeDialogue, client_of: SignIn, make_call: MakeCall
) -> None:
    Run.objects.filter(pk=item.run_id).update(**MODELS)
    good = make_call(item)
    bad = make_call(item, outcome=CallOutcome.FAILED, status_code=500)
    elsewhere = RunItem.objects.create(
        run=item.run, dialogue=make_dialogue("d/2 ?"), endpoint=item.endpoint
    )
    other = make_call(elsewhere)
    browser, address = client_of(carol), f"{ADDRESS}{item.run_id}/calls/"
    for sent, expected in [
        ({}, [other, bad, good]),
        ({"outcome": "failed", "status": "500"}, [bad]),
        ({"endpoint": "offline", "dialogue": "d/2 ?"}, [other]),
        ({"outcome": "odd"}, []),
        ({"endpoint": "odd"}, []),
        ({"dialogue": "\x00"}, []),
        ({"before": str(other.pk)}, [bad, good]),
        ({"before": "x"}, [other, bad, good]),
    ]:
        page = browser.get(address, sent)
        assert page.status_code == 200
        assert page.context["calls"] == expected
    chips = browser.get(address, {"outcome": "ok", "dialogue": "d/2 ?"}).context["chips"]
    assert {chip.words: chip.without for chip in chips} == {
        "ok": "?dialogue=d%2F2+%3F",
        "dialogue d/2 ?": "?outcome=ok",
    }
    assert "<html" not in browser.get(address, headers=HTMX).content.decode()


def test_the_log_goes_on_page_by_page(
    carol: User,
    item: RunItem,
    client_of: SignIn,
    monkeypatch: pytest.MonkeyPatch,
    make_call: MakeCall,
) -> None:
    monkeypatch.setattr("generation.pages.calls.CALLS_SHOWN", 2)
    made = [make_call(item, outcome=CallOutcome.OK).pk for _ in range(5)]
    browser, address = client_of(carol), f"{ADDRESS}{item.run_id}/calls/"
    query, seen = "?outcome=ok", []
    while query:
        page = browser.get(address + query)
        seen += [call.pk for call in page.context["calls"]]
        query = page.context["older"]
    assert seen == made[::-1]


SAID = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "Rewrite it."},
        {
            "role": "user",
            "content": [
                {
                    "type": "text",
                    "text": fenced(
                        "conversation", {"turns": [{"role": "user", "text": "a <boat>"}]}
                    ),
                },
                {"type": "image_url", "image_url": {"url": f"sha256:{'a' * 64}; image/jpeg"}},
            ],
        },
    ],
    "response_format": {"type": "json_schema", "json_schema": {}},
}


def test_a_call_is_shown_as_it_reads(
    carol: User, item: RunItem, client_of: SignIn, make_call: MakeCall
) -> None:
    content = json.dumps({"rewrites": ["a red boat", "<b>"]})
    reply = json.dumps({"choices": [{"message": {"content": content}, "finish_reason": "length"}]})
    call = make_call(item, request=SAID, reply=reply)
    response = client_of(carol).get(f"{ADDRESS}{item.run_id}/calls/{call.pk}/")
    system, user = response.context["transcript"].messages
    assert [(piece.kind, piece.text) for piece in system.pieces] == [("text", "Rewrite it.")]
    data, picture = user.pieces
    assert (data.kind, data.text) == ("data", "conversation")
    assert (picture.kind, picture.text, picture.image) == ("picture", "a" * 12, None)
    page = response.content.decode()
    for words in ("a red boat", "a &lt;boat&gt;", "json schema", "It ended by: length"):
        assert words in page


def test_a_picture_is_found_by_the_checksum_under_which_it_was_sent(
    carol: User,
    item: RunItem,
    client_of: SignIn,
    settings: Any,
    tmp_path: Path,
    make_call: MakeCall,
) -> None:
    settings.MEDIA_ROOT = tmp_path
    sent = ImageSettings(longest_side=256)
    picture = Picture.new("RGB", (40, 30), "teal")
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    name = default_storage.save("pier.png", ContentFile(buffer.getvalue()))
    Image.objects.filter(external_id="pier").update(
        file=name, sha256=hashlib.sha256(buffer.getvalue()).hexdigest()
    )
    image = Image.objects.get(external_id="pier")
    Run.objects.filter(pk=item.run_id).update(parameters={"images": sent.to_json()})
    message = {"role": "user", "content": [image_part(image, sent)]}
    call = make_call(item, request=redacted({"messages": [message]}))
    page = client_of(carol).get(f"{ADDRESS}{item.run_id}/calls/{call.pk}/").content.decode()
    assert f"/images/{image.pk}/thumb" in page
    assert image.caption in page


@pytest.mark.parametrize(
    ("request_kept", "reply"),
    [
        ({}, ""),
        ({"messages": "no list"}, "<html>bad gateway</html>"),
        ({"messages": [1, {"role": None, "content": None}]}, "[]"),
        ({"messages": [{"role": "user", "content": [{"type": "odd"}, 3]}]}, '{"choices": []}'),
        ([], '{"choices": [{"message": {"content": ["x"]}}]}'),
        ({"messages": []}, '{"choices": [{"message": {"content": "no JSON"}}]}'),
        ({}, json.dumps({"choices": [{"message": {"content": "[" * 3000 + "]" * 3000}}]})),
    ],
)
def test_whatever_was_sent_and_came_is_shown(
    request_kept: Any,
    reply: str,
    carol: User,
    item: RunItem,
    client_of: SignIn,
    make_call: MakeCall,
) -> None:
    call = make_call(item, request=request_kept, reply=reply)
    response = client_of(carol).get(f"{ADDRESS}{item.run_id}/calls/{call.pk}/")
    assert response.status_code == 200


def test_a_lost_call_is_explained(
    carol: User, item: RunItem, client_of: SignIn, make_call: MakeCall
) -> None:
    call = make_call(item, outcome=CallOutcome.LOST)
    again = make_call(item, attempt=1)
    browser = client_of(carol)
    page = browser.get(f"{ADDRESS}{item.run_id}/calls/{call.pk}/").content.decode()
    assert "The worker ended before a reply came" in page
    assert f"calls/{again.pk}/" in page
    run = browser.get(f"{ADDRESS}{item.run_id}/").content.decode()
    assert "1 call of these was lost with a worker" in run


def test_a_judges_word_is_its_score_with_the_reason() -> None:
    said = laid_out({"clarity": {"reason": "It is plain.", "score": 4}})
    [(criterion, word)] = said.entries
    assert (criterion, [(name, data.text) for name, data in word.entries]) == (
        "clarity",
        [("4", "It is plain.")],
    )
