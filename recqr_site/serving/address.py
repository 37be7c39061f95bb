"""The address that this copy serves: bound once, so that no restart can lose it."""

import errno
import ipaddress
import os
import socket
from contextlib import suppress

from recqr_site.serving.errors import CannotServe

BACKLOG = 512


def chosen() -> tuple[str, int]:
    """Host and port by `HOST` and `PORT`; 127.0.0.1 and 8000 without them."""
    host = os.environ.get("HOST", "").strip() or "127.0.0.1"
    words = os.environ.get("PORT", "").strip() or "8000"
    if not words.isdecimal() or not 0 <= int(words) <= 65535:
        raise CannotServe(f"PORT={words} is no port: use a number up to 65535, as in PORT=8001.")
    return host, int(words)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; whoever connects before the web server is up waits in its queue."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(BACKLOG)
    except OSError as error:
        raise CannotServe(_refusal(host, port, error)) from error
    return listener


def _refusal(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program. Choose another: make run PORT={port + 1}"
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights. Choose one above 1023: make run PORT=8000"
    return f"Cannot listen on HOST={host} PORT={port}: {error.strerror or error}."


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this machine reaches it: demo accounts exist nowhere else."""
    return ipaddress.ip_address(listener.getsockname()[0].split("%")[0]).is_loopback


def url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host.split("%")[0]).is_unspecified:
        host = socket.gethostname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def near(listener: socket.socket) -> tuple[str, int]:
    """Where this machine reaches it, also if it listens on every address."""
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host.split("%")[0]).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    return host, port


def allowed_host() -> str:
    """A host name that the site answers to, for questions of our own."""
    first = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip()
    return first.lstrip(".*") or "localhost"


def names(host: str) -> list[str]:
    """Host names that requests to a listener on `host` may carry: the default of ALLOWED_HOSTS."""
    own = socket.gethostname()
    found = {"127.0.0.1", "localhost", "::1", own, host}
    with suppress(OSError):
        known = socket.getaddrinfo(own, None, type=socket.SOCK_STREAM)
        found |= {str(entry[4][0]) for entry in known}
    anywhere = {"0.0.0.0", "::"}  # noqa: S104  (left out, not listened on)
    return sorted(f"[{name}]" if ":" in name else name for name in found - anywhere)
