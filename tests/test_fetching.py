"""Pictures by address: from the public internet alone, whatever tricks an address plays."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from review import fetching
from review.errors import NotAllowed
from review.fetching import Fetcher, NotFetched, PublicNetwork, is_public
from review.models import User
from review.pictures import PictureRefused
from tests.picture_site import PUBLIC, PUBLIC_TOO, Answer, Dialled, Names, Site, png, serving


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as found:
        yield found


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
def dialled(site: Site) -> Dialled:
    return Dialled(site)


@pytest.fixture
def fetch(names: Names, dialled: Dialled) -> Iterator[Callable[[str], bytes]]:
    fetcher = Fetcher(PublicNetwork(names, dialled))
    yield fetcher.fetch
    fetcher.close()


@contextmanager
def refused(reason: str, dialled: Dialled, before: int = 0) -> Iterator[None]:
    """Refused, and nothing but the first `before` connections were ever made."""
    with pytest.raises(PictureRefused, match=reason):
        yield
    assert dialled.addresses == [PUBLIC] * before


def test_a_picture_is_fetched_from_the_address_that_was_checked(
    site: Site, dialled: Dialled, fetch: Callable[[str], bytes]
) -> None:
    site.gives("/pier.png?size=2", png(), Content_Type="text/html")
    assert fetch("http://pictures.test/pier.png?size=2#top") == png()
    assert dialled.addresses == [PUBLIC]
    headers = site.asked[0][1]
    assert headers["Host"] == "pictures.test"
    assert headers["User-Agent"] == "ReCQR"
    assert "Cookie" not in headers


def test_a_name_is_resolved_once_for_check_and_connection(
    site: Site, names: Names, fetch: Callable[[str], bytes]
) -> None:
    """A name that means another address the second time finds nobody who asks again."""
    site.gives("/1", png())
    assert fetch("http://pictures.test/1") == png()
    assert names.asked == ["pictures.test"]


def test_redirects_are_followed_to_public_addresses(
    site: Site, dialled: Dialled, fetch: Callable[[str], bytes]
) -> None:
    site.leads("/1", "http://more.test/2")
    site.leads("/2", "3", status=307)
    site.gives("/3", png())
    assert fetch("http://pictures.test/1") == png()
    assert list(dict.fromkeys(dialled.addresses)) == [PUBLIC, PUBLIC_TOO]
    assert site.asked[1][1]["Host"] == "more.test"


INNER = [
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",  # noqa: S104  (asked for, not bound)
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::1",
    "2001:db8::1",
    "2620:fe::9%eth0",
]


@pytest.mark.parametrize("address", INNER)
def test_no_inner_address_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, PUBLIC_TOO, "64:ff9b::909:909", "::ffff:9.9.9.9"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", INNER)
def test_a_name_that_resolves_to_an_inner_address_is_refused(
    names: Names, dialled: Dialled, fetch: Callable[[str], bytes], address: str
) -> None:
    names.known["evil.test"] = [address]
    with refused("evil.test is not on the public internet", dialled):
        fetch("http://evil.test/")


def test_a_name_with_one_inner_address_among_others_is_refused(
    names: Names, dialled: Dialled, fetch: Callable[[str], bytes]
) -> None:
    names.known["evil.test"] = [PUBLIC, "169.254.169.254"]
    with refused("not on the public internet", dialled):
        fetch("http://evil.test/")


SPELLINGS = [
    "http://127.0.0.1/",
    "http://127.0.0.1:5432/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://0/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://localhost/",
    "http://127。0。0。1/",
    "http://①②⑦.⓪.⓪.①/",
    "https://127.0.0.1/",
]


@pytest.mark.parametrize("address", SPELLINGS)
def test_no_spelling_of_an_inner_address_is_asked(
    dialled: Dialled, fetch: Callable[[str], bytes], address: str
) -> None:
    with refused("not on the public internet|cannot be read", dialled):
        fetch(address)


@pytest.mark.parametrize("address", SPELLINGS)
def test_no_redirect_to_an_inner_address_is_followed(
    site: Site, dialled: Dialled, fetch: Callable[[str], bytes], address: str
) -> None:
    # What stands in a header is ASCII, or the bytes of UTF-8 one by one.
    site.leads("/1", address.encode().decode("latin-1"))
    with refused("not on the public internet|cannot be read", dialled, before=1):
        fetch("http://pictures.test/1")
    assert site.paths() == ["/1"]


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "ftp://pictures.test/1",
        "gopher://pictures.test/1",
        "data:image/png;base64,AAAA",
        "http://pictures.test@127.0.0.1/",
        "http://:@pictures.test/",
        "http://user:word@pictures.test/",
        "http://",
    ],
)
def test_other_schemes_and_user_names_are_refused_at_once_and_after_a_redirect(
    site: Site, dialled: Dialled, fetch: Callable[[str], bytes], target: str
) -> None:
    reasons = "neither http|user name|no host|cannot be read|public internet"
    with refused(reasons, dialled):
        fetch(target)
    if target != "http://":
        site.leads("/1", target)
        with refused(reasons, dialled, before=1):
            fetch("http://pictures.test/1")


@pytest.mark.parametrize("address", ["//pictures.test/1", "pictures.test/1", "/etc/passwd", ""])
def test_what_is_no_address_is_refused(
    dialled: Dialled, fetch: Callable[[str], bytes], address: str
) -> None:
    with refused("neither http", dialled):
        fetch(address)


@pytest.mark.parametrize("address", ["http://[::1", "http://x:99999/", "http://x:0/", "http://\0/"])
def test_an_address_that_cannot_be_read_is_refused(
    dialled: Dialled, fetch: Callable[[str], bytes], address: str
) -> None:
    with refused("cannot be read", dialled):
        fetch(address)


def test_a_proxy_of_the_environment_is_not_asked(
    site: Site, dialled: Dialled, fetch: Callable[[str], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    site.gives("/1", png())
    assert fetch("http://pictures.test/1") == png()


def test_redirects_end(site: Site, fetch: Callable[[str], bytes]) -> None:
    site.leads("/1", "/1")
    with pytest.raises(NotFetched, match="leads on and on"):
        fetch("http://pictures.test/1")
    assert len(site.asked) == fetching.MOST_STEPS


def test_a_size_that_is_told_or_comes_is_limited(
    site: Site, fetch: Callable[[str], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 1000)
    site.gives("/told", b"x" * 1001)

    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        for _ in range(10_000):
            try:
                request.wfile.write(b"64\r\n" + b"x" * 100 + b"\r\n")
            except OSError:
                return

    site.answers["/endless"] = endless
    for path in ("/told", "/endless"):
        with pytest.raises(PictureRefused, match="more than 1,000 bytes"):
            fetch(f"http://pictures.test{path}")


def test_a_packed_answer_is_refused_unread(site: Site, fetch: Callable[[str], bytes]) -> None:
    site.gives("/1", b"\x1f\x8b", Content_Encoding="gzip")
    with pytest.raises(PictureRefused, match="packed"):
        fetch("http://pictures.test/1")


def drips(before: bytes) -> Answer:
    """Something comes all the time, but never the end of it."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(before)
        for _ in range(200):
            try:
                request.wfile.write(b"x")
                request.wfile.flush()
            except OSError:
                return
            time.sleep(0.02)

    return answer


@pytest.mark.parametrize(
    "before", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"]
)
def test_a_host_that_drips_is_left_when_the_time_is_over(
    site: Site, fetch: Callable[[str], bytes], monkeypatch: pytest.MonkeyPatch, before: bytes
) -> None:
    monkeypatch.setattr(fetching, "SECONDS", 0.4)
    site.answers["/1"] = drips(before)
    began = time.monotonic()
    with pytest.raises(NotFetched, match="did not answer in time"):
        fetch("http://pictures.test/1")
    assert time.monotonic() - began < 2


def test_an_answer_cut_off_or_of_no_sense_is_no_picture(
    site: Site, fetch: Callable[[str], bytes]
) -> None:
    def cut(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
        request.close_connection = True

    def nonsense(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"SSH-2.0-x\r\n\r\n")
        request.close_connection = True

    site.answers |= {"/cut": cut, "/nonsense": nonsense}
    for path in site.answers:
        with pytest.raises(NotFetched, match="could not be asked"):
            fetch(f"http://pictures.test{path}")


def test_a_picture_that_is_not_there_says_the_status(
    site: Site, fetch: Callable[[str], bytes]
) -> None:
    site.gives("/1", b"no", 404)
    with pytest.raises(NotFetched, match=r"pictures\.test answered with status 404"):
        fetch("http://pictures.test/1")


def test_a_busy_host_is_asked_again_when_it_said(site: Site, fetch: Callable[[str], bytes]) -> None:
    def busy_once(request: BaseHTTPRequestHandler) -> None:
        first = site.paths().count("/1") == 1
        (refuse if first else give)(request)

    site.gives("/1", b"", 429, Retry_After="1")
    refuse = site.answers["/1"]
    site.gives("/1", png())
    give, site.answers["/1"] = site.answers["/1"], busy_once
    began = time.monotonic()
    assert fetch("http://pictures.test/1") == png()
    assert time.monotonic() - began >= 1


def test_nobody_waits_for_a_host_longer_than_a_fetch_may_take(
    site: Site, fetch: Callable[[str], bytes]
) -> None:
    site.gives("/1", b"", 503, Retry_After="3600")
    with pytest.raises(NotFetched, match="wait for longer"):
        fetch("http://pictures.test/1")


def test_a_host_is_asked_at_a_pace(
    site: Site, fetch: Callable[[str], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "PACE_SECONDS", 0.2)
    site.gives("/1", png())
    began = time.monotonic()
    for _ in range(3):
        fetch("http://pictures.test/1")
    assert time.monotonic() - began >= 0.4


def test_a_dead_host_is_left_alone_after_a_few_failures(
    dialled: Dialled, fetch: Callable[[str], bytes]
) -> None:
    dialled.dead = {PUBLIC}
    for _ in range(fetching.MOST_FAILURES):
        with pytest.raises(NotFetched, match="could not be asked"):
            fetch("http://pictures.test/1")
    with pytest.raises(NotFetched, match="left alone"):
        fetch("http://pictures.test/1")
    assert len(dialled.addresses) == fetching.MOST_FAILURES


def test_the_next_address_is_tried_where_one_is_dead(
    site: Site, names: Names, dialled: Dialled, fetch: Callable[[str], bytes]
) -> None:
    names.known["pictures.test"] = [PUBLIC_TOO, PUBLIC]
    dialled.dead = {PUBLIC_TOO}
    site.gives("/1", png())
    assert fetch("http://pictures.test/1") == png()


def test_only_the_operator_fetches_unless_the_server_allows_it(alice: User, settings: Any) -> None:
    fetching.check_can_fetch(None)
    settings.FETCH_URLS = False
    with pytest.raises(NotAllowed, match="FETCH_URLS=1"):
        fetching.check_can_fetch(alice)
    settings.FETCH_URLS = True
    fetching.check_can_fetch(alice)
