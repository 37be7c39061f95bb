"""A server of pictures on loopback, and a network that leads to it from public addresses.

No address of loopback is public, so the network dials the server for public addresses that stand
for it; what is checked before a dial is checked as always.
"""

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpcore2
from PIL import Image as Pillow

from review import fetching

# Addresses of documentation are not public; these are, and belong to a well-known resolver.
PUBLIC, PUBLIC_TOO = "9.9.9.9", "2620:fe::9"
Answer = Callable[[BaseHTTPRequestHandler], None]


def png(colour: str = "teal") -> bytes:
    buffer = io.BytesIO()
    Pillow.new("RGB", (40, 30), colour).save(buffer, "PNG")
    return buffer.getvalue()


class Site:
    """What the server answers, by path, and what it was asked."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def gives(self, path: str, content: bytes, status: int = 200, **headers: str) -> None:
        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                request.send_header(name.replace("_", "-"), value)
            request.end_headers()
            request.wfile.write(content)

        self.answers[path] = answer

    def leads(self, path: str, to: str, status: int = 302) -> None:
        self.gives(path, b"", status, Location=to)

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@contextmanager
def serving() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found.asked.append((self.path, dict(self.headers)))
            found.answers[self.path](self)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Site(server.server_port)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


class Dialled(httpcore2.SyncBackend):
    """Connects every address to the site, and keeps which addresses those were."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.addresses: list[str] = []
        self.dead: set[str] = set()

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **_: Any) -> Any:
        self.addresses.append(host)
        if host in self.dead:
            raise httpcore2.ConnectError("nobody there")
        return super().connect_tcp("127.0.0.1", self.site.port, timeout, None, [])


class Names:
    """A resolver: each name with its addresses; literals and numbers as the machine reads them."""

    def __init__(self) -> None:
        self.known = {"pictures.test": [PUBLIC], "more.test": [PUBLIC_TOO]}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self.known.get(host) or list(fetching.resolve(host, port))
