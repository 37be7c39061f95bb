"""Pictures by address, from the public internet alone.

An import brings addresses that anybody may have written. Asked for without care they would make
this server ask its own network: its database, a router, the passwords of a cloud machine. So every
connection, also one that a redirect leads to, goes through `PublicNetwork`: it resolves the name,
refuses addresses that are not public, and connects to the very address that it looked at, so that
a name cannot mean another one a moment later.
"""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from functools import cache
from typing import Any

import httpcore2
import httpx2
from django.conf import settings

from review.errors import NotAllowed
from review.models import User
from review.pictures import MOST_BYTES, PictureRefused

# One fetch with all its redirects, and one step of it: connecting, or waiting for more to come.
SECONDS = 60.0
SECONDS_PER_STEP = 10.0
MOST_STEPS = 6
# Between two requests to one host, and how many in a row may fail before it is left alone.
PACE_SECONDS = 0.1
MOST_FAILURES = 5
CONNECTIONS = 8
ADDRESSES_TRIED = 3
HEADERS = [(b"User-Agent", b"ReCQR"), (b"Accept", b"image/*"), (b"Accept-Encoding", b"identity")]
REDIRECTS = {301, 302, 303, 307, 308}
BUSY = {429, 503}

_UNICAST = ipaddress.ip_network("2000::/3")
# How networks of IPv6 alone reach IPv4: the last 32 bits are the address that is meant.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Resolver = Callable[[str, int], Sequence[str]]
# When the fetch of this thread must have ended, by `time.monotonic`.
_ends: ContextVar[float] = ContextVar("ends")


class NotFetched(Exception):
    """The picture did not come, which may be otherwise another time; the text says why."""


def check_can_fetch(by: User | None) -> None:
    """Raises `NotAllowed` where people may not ask for it; None is the operator."""
    if by is not None and not settings.FETCH_URLS:
        raise NotAllowed(
            "This server does not fetch images by address. Bring their files with the import, or "
            "ask the operator to set FETCH_URLS=1."
        )


def checked_address(address: str) -> httpx2.URL:
    """The address as one to ask. Raises `PictureRefused`. Says nothing of where it leads."""
    try:
        url = httpx2.URL(address)
    except (httpx2.InvalidURL, ValueError) as error:
        raise PictureRefused(f"the address cannot be read: {error}") from None
    if url.scheme not in {"http", "https"}:
        raise PictureRefused("the address begins with neither http:// nor https://")
    if url.userinfo or "@" in url.netloc.decode("ascii"):
        raise PictureRefused("the address has a user name in it: leave out what stands before @")
    if not url.host:
        raise PictureRefused("the address names no host")
    if url.port is not None and not 0 < url.port < 2**16:
        raise PictureRefused(f"the address cannot be read: there is no port {url.port}")
    return url


def is_public(address: str) -> bool:
    """Whether anybody on the internet reaches the same machine by this IP address."""
    try:
        found = _meant(ipaddress.ip_address(address))
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and not _is_plain_unicast(found):
        return False
    return found.is_global and not found.is_multicast


def _meant(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address where an IPv6 one is but its wrapping."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


def _is_plain_unicast(address: ipaddress.IPv6Address) -> bool:
    tunnels = address.sixtofour or address.teredo or address.scope_id
    return address in _UNICAST and not tunnels


def resolve(host: str, port: int) -> Sequence[str]:
    """The IP addresses of a host, as this machine sees them. Raises `NotFetched`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotFetched(f"no address is known for {host}") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class PublicNetwork(httpcore2.NetworkBackend):
    """Connects to public addresses alone, to the very ones that it looked at."""

    def __init__(
        self, resolve: Resolver = resolve, dial: httpcore2.NetworkBackend | None = None
    ) -> None:
        self.resolve = resolve
        self.dial = dial or httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        addresses = self.resolve(host, port)
        # A name with one inner address among public ones has no honest use either.
        if not addresses or not all(is_public(address) for address in addresses):
            raise PictureRefused(f"{host} is not on the public internet: bring the file instead")
        return _Timed(self._connected(addresses[:ADDRESSES_TRIED], port, timeout))

    def _connected(
        self, addresses: Sequence[str], port: int, timeout: float | None
    ) -> httpcore2.NetworkStream:
        for address in addresses[:-1]:
            try:
                return self.dial.connect_tcp(address, port, _left(timeout))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return self.dial.connect_tcp(addresses[-1], port, _left(timeout))


class _Timed(httpcore2.NetworkStream):
    """A connection that ends with the time of the fetch, however slowly its bytes drip in."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self.stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, _left(timeout))

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Timed(self.stream.start_tls(ssl_context, server_hostname, _left(timeout)))

    def close(self) -> None:
        self.stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


def _left(timeout: float | None) -> float:
    left = _ends.get() - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the time of the fetch is over")
    return left if timeout is None else min(timeout, left)


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates of this machine; reading them takes a while."""
    return httpcore2.default_ssl_context()


class _Host:
    """What we know of a host: when it may be asked next, and how often it failed in a row."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lock = threading.Lock()
        self.next = 0.0
        self.failures = 0

    def await_turn(self) -> None:
        """Waits until the host may be asked. Raises `NotFetched` where that is too long."""
        if self.failures >= MOST_FAILURES:
            raise NotFetched(f"{self.name} failed {self.failures} times in a row: left alone")
        with self.lock:
            now = time.monotonic()
            turn = max(now, self.next)
            if turn >= _ends.get():
                raise NotFetched(f"{self.name} asks to wait for longer than we do")
            self.next = turn + PACE_SECONDS
        time.sleep(turn - now)

    def rest(self, seconds: float) -> None:
        with self.lock:
            self.next = max(self.next, time.monotonic() + seconds)

    def answered(self, *, well: bool) -> None:
        with self.lock:
            self.failures = 0 if well else self.failures + 1


class Fetcher:
    """Fetches pictures for one import, from several threads, kindly to the hosts it asks."""

    def __init__(self, network: httpcore2.NetworkBackend | None = None) -> None:
        # The pool itself knows no proxies, no cookies and no redirects.
        self._pool = httpcore2.ConnectionPool(
            ssl_context=_trusted(),
            max_connections=CONNECTIONS,
            max_keepalive_connections=CONNECTIONS,
            keepalive_expiry=15,
            network_backend=network or PublicNetwork(),
        )
        self._hosts: dict[str, _Host] = {}

    def fetch(self, address: str) -> bytes:
        """The bytes at `address`. Raises `PictureRefused` or `NotFetched`."""
        url = checked_address(address)
        token = _ends.set(time.monotonic() + SECONDS)
        try:
            for _ in range(MOST_STEPS):
                answer = self._ask(url)
                if isinstance(answer, bytes):
                    return answer
                url = answer
        finally:
            _ends.reset(token)
        raise NotFetched(f"{url.host} leads on and on: {MOST_STEPS - 1} redirects are the most")

    def close(self) -> None:
        self._pool.close()

    def _ask(self, url: httpx2.URL) -> bytes | httpx2.URL:
        """The picture, or where to ask next."""
        host = self._hosts.setdefault(url.host, _Host(url.host))
        host.await_turn()
        try:
            answer = self._answer(url, host)
        except httpcore2.TimeoutException:
            host.answered(well=False)
            raise NotFetched(f"{url.host} did not answer in time") from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            host.answered(well=False)
            raise NotFetched(f"{url.host} could not be asked: {error}") from None
        host.answered(well=True)
        return answer

    def _answer(self, url: httpx2.URL, host: _Host) -> bytes | httpx2.URL:
        with self._pool.stream(
            "GET",
            httpcore2.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=[(b"Host", url.netloc), *HEADERS],
            extensions={"timeout": dict.fromkeys(("connect", "read", "write"), SECONDS_PER_STEP)},
        ) as response:
            headers = {name.lower(): value for name, value in response.headers}
            if response.status in REDIRECTS and b"location" in headers:
                return _redirected(url, headers[b"location"])
            if response.status in BUSY:
                host.rest(_wanted_rest(headers))
                return url
            if response.status != 200:
                raise NotFetched(f"{url.host} answered with status {response.status}")
            return _body(response, headers)


def _redirected(url: httpx2.URL, location: bytes) -> httpx2.URL:
    try:
        return checked_address(str(url.join(location.decode("utf-8", "replace"))))
    except (httpx2.InvalidURL, ValueError) as error:
        raise PictureRefused(f"{url.host} leads to an address that cannot be read: {error}") from (
            None
        )


def _wanted_rest(headers: dict[bytes, bytes]) -> float:
    """Seconds that a busy host asks for; a second where it gives a date or nothing."""
    wanted = headers.get(b"retry-after", b"").strip()
    return float(wanted) if wanted.isdigit() and len(wanted) < 6 else 1.0


def _body(response: httpcore2.Response, headers: dict[bytes, bytes]) -> bytes:
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise PictureRefused("the host packed the picture, though asked not to")
    told = headers.get(b"content-length", b"")
    if told.isdigit() and len(told) < 20:
        _check_size(int(told))
    content = bytearray()
    for chunk in response.iter_stream():
        content += chunk
        _check_size(len(content))
    return bytes(content)


def _check_size(size: int) -> None:
    if size > MOST_BYTES:
        raise PictureRefused(f"what came has more than {MOST_BYTES:,} bytes: make it smaller")
