"""Guidelines: Markdown that is safe to show, in versions that each member confirms."""

from collections.abc import Callable

import pytest
from django.test import Client

from review import assignments, guidelines
from review.errors import Conflict, GuidelinesUnread, Invalid, NotAllowed
from review.markdown import rendered
from review.models import Assignment, Dataset, Dialogue, Membership, User

Browser = Callable[[User], Client]
TEXT = "Say **all that counts**.\n\nAdd nothing.\n"


@pytest.fixture
def written(dataset: Dataset, carol: User) -> Dataset:
    guidelines.save(dataset=dataset, text=TEXT, by=carol)
    return dataset


@pytest.mark.parametrize(
    ("text", "kept", "gone"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;", "<script"),
        ("a <img src=x onerror=alert(1)> b", "&lt;img", "<img"),
        ("[go](javascript:alert(1))", "[go](javascript:alert(1))", "href"),
        ("[go](JaVaScRiPt&colon;alert(1))", "go", "href"),
        ("[go](data:text/html,hi)", "go", "href"),
        ("[go](//elsewhere.example/x)", "go", "href"),
        ("<https://a.example/'onclick=alert(1)//>", "nofollow", "<a onclick"),
        ('[go](https://a.example "q\\" onclick=\\"alert(1)")', "&quot;", 'onclick="'),
        ("![a cat](https://a.example/cat.png)", ">a cat</a>", "<img"),
        ("![x](javascript:alert(1))", "!", "href"),
    ],
)
def test_nothing_dangerous_comes_out_of_markdown(text: str, kept: str, gone: str) -> None:
    html = rendered(text)
    assert kept in html
    assert gone not in html


def test_markdown_reads_as_written_below_the_headings_of_the_page() -> None:
    html = rendered("# Rewrites\n\n| a | b |\n|---|---|\n| *1* | ~~2~~ |\n\n[x](https://a.example)")
    assert "<h3>Rewrites</h3>" in html
    assert "<td><em>1</em></td>" in html
    assert '<a href="https://a.example" rel="noopener nofollow">x</a>' in html


def test_a_version_is_added_only_where_the_text_changed(written: Dataset, carol: User) -> None:
    assert written.guidelines_version == 1
    same = guidelines.save(dataset=written, text=f"  {TEXT}".replace("\n", "\r\n"), by=carol)
    assert same is not None
    assert same.version == 1
    second = guidelines.save(dataset=written, text="Be short.", summary="Shorter", by=carol)
    assert second is not None
    written.refresh_from_db()
    assert (written.guidelines, written.guidelines_version) == ("Be short.\n", 2)
    kept = written.guidelines_versions.order_by("version").values_list("version", "text", "by")
    assert list(kept) == [(1, TEXT, carol.pk), (2, "Be short.\n", carol.pk)]


def test_only_admins_write_them(dataset: Dataset, alice: User, bob: User) -> None:
    for person in (alice, bob):
        with pytest.raises(NotAllowed):
            guidelines.save(dataset=dataset, text=TEXT, by=person)


def test_a_text_that_is_too_long_says_where(dataset: Dataset, carol: User) -> None:
    with pytest.raises(Invalid, match="50,001 characters") as refused:
        guidelines.save(dataset=dataset, text="x" * 50_001, by=carol)
    assert refused.value.field == "text"


def test_nobody_is_handed_a_dialogue_before_they_confirmed_the_version_in_force(
    written: Dataset, dialogue: Dialogue, alice: User, carol: User, claim: Callable[..., Assignment]
) -> None:
    with pytest.raises(GuidelinesUnread):
        claim(alice)
    guidelines.confirm(dataset=written, by=alice, version=1)
    assert claim(alice).dialogue == dialogue
    guidelines.save(dataset=written, text="Be short.", by=carol)
    # What is in hand waits for it as well.
    with pytest.raises(GuidelinesUnread):
        claim(alice)
    with pytest.raises(Conflict, match="Version 2 of the guidelines is in force"):
        guidelines.confirm(dataset=written, by=alice, version=1)
    with pytest.raises(GuidelinesUnread):
        assignments.claim_ahead(dataset=written, by=alice)
    guidelines.confirm(dataset=written, by=alice, version=2)
    assert claim(alice).dialogue == dialogue


def test_a_reader_is_told_what_changed_since_the_version_they_knew(
    written: Dataset, alice: User, carol: User
) -> None:
    guidelines.confirm(dataset=written, by=alice, version=1)
    guidelines.save(dataset=written, text=TEXT + "\nBe short.", summary="Length counts", by=carol)
    guidelines.save(dataset=written, text=TEXT + "\nBe brief.", summary="A word", by=carol)
    unread = guidelines.unread(Membership.objects.get(user=alice))
    assert unread is not None
    assert unread.known is not None
    assert unread.known.version == 1
    assert [version.summary for version in unread.summaries] == ["A word", "Length counts"]
    assert "".join(c.text for c in unread.changes if c.kind == "added").strip() == "Be brief."
    # Of what stayed, no more than the lines beside it.
    assert unread.changes[0].text.startswith("…")
    newcomer = guidelines.unread(Membership.objects.get(user=carol))
    assert newcomer is not None
    assert (newcomer.known, newcomer.changes) == (None, [])


def test_a_member_reads_and_confirms_on_the_page(
    written: Dataset, alice: User, client_of: Browser
) -> None:
    browser = client_of(alice)
    page = browser.get("/datasets/coast/guidelines/")
    assert b"<strong>all that counts</strong>" in page.content
    assert b"I have read version 1" in page.content
    answer = browser.post("/datasets/coast/guidelines/confirm/", {"version": "1"})
    assert answer["Location"] == "/datasets/coast/desk/"
    assert Membership.objects.get(user=alice).guidelines_confirmed == 1
    page = browser.get("/datasets/coast/guidelines/")
    assert b"I have read" not in page.content
    assert b"Confirmed by 1 of 2 members" in page.content
    assert b"carol" not in page.content.split(b"Confirmed by")[1].split(b"</section>")[0]


def test_an_admin_edits_with_a_preview_and_others_may_not(
    written: Dataset, alice: User, carol: User, client_of: Browser
) -> None:
    admin = client_of(carol)
    sent = {"text": "Be *short*.", "summary": "Length"}
    preview = admin.post(
        "/datasets/coast/guidelines/preview/", sent, headers={"HX-Request": "true"}
    )
    assert b"Be <em>short</em>." in preview.content
    assert b"<html" not in preview.content
    admin.post("/datasets/coast/guidelines/edit/", sent)
    written.refresh_from_db()
    assert written.guidelines_version == 2
    assert b"<ins>" in admin.get("/datasets/coast/guidelines/2/").content
    assert admin.get("/datasets/coast/guidelines/3/").status_code == 404
    refused = admin.post("/datasets/coast/guidelines/edit/", {"text": "x" * 50_001})
    assert refused.status_code == 422
    assert b"the most is 50,000" in refused.content
    reader = client_of(alice)
    assert reader.post("/datasets/coast/guidelines/edit/", sent).status_code == 403
    assert reader.get("/datasets/coast/guidelines/1/").status_code == 200


def test_the_desk_gets_the_text_by_itself(
    written: Dataset, alice: User, client_of: Browser
) -> None:
    address = "/datasets/coast/guidelines/fragment/"
    fragment = client_of(alice).get(address, headers={"HX-Request": "true"})
    assert b"<strong>all that counts</strong>" in fragment.content
    assert b"<html" not in fragment.content
    assert client_of(alice).get(address)["Location"] == "/datasets/coast/guidelines/"


def test_a_program_reads_and_confirms_and_an_admins_program_changes_them(
    written: Dataset, dialogue: Dialogue, alice: User, carol: User, program_of: Browser
) -> None:
    address = "/api/v1/datasets/coast/guidelines/"
    program, admin = program_of(alice), program_of(carol)
    refused = program.post("/api/v1/datasets/coast/claim/")
    assert (refused.status_code, refused.json()["kind"]) == (409, "guidelines-unread")
    assert program.get(address).json() == {
        "version": 1,
        "text": TEXT,
        "summary": "",
        "confirmed": 0,
    }
    confirm = f"{address}confirm/"
    json = {"content_type": "application/json"}
    assert program.post(confirm, {"version": 2}, **json).status_code == 409
    assert program.post(confirm, {"version": "1"}, **json).status_code == 400
    assert program.post(confirm, {"version": 1}, **json).json()["confirmed"] == 1
    assert program.post("/api/v1/datasets/coast/claim/").status_code == 200
    new = {"text": "Be short.", "summary": "Length"}
    assert program.put(address, new, **json).status_code == 403
    assert admin.put(address, new, **json).json()["version"] == 2
    assert program.post("/api/v1/datasets/coast/claim/").status_code == 409
