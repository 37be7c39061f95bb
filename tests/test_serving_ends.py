"""However `make run` ends, nothing is left of it; what it cannot serve it refuses in one line."""

import os
import shutil
import signal
import socket
from collections.abc import Callable

import pytest

from tests.plugins.records import within
from tests.plugins.sites import Site

MAKE_RUN = ["make", "--silent", "run"]


def test_a_stop_during_preparation_leaves_nothing(serve: Callable[..., Site]) -> None:
    site = serve()
    site.hear("Starting PostgreSQL", 10)
    within(10, lambda: len(site.record.processes()) > 3)
    assert site.stop() == 0
    within(4, site.record.is_quiet)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_a_record_is_served_once_and_killing_make_leaves_nothing(
    serve: Callable[..., Site],
) -> None:
    site = serve(MAKE_RUN)
    address = site.await_ready()
    assert_served_once(serve(), address)
    assert site.supervisor().pid != site.process.pid
    site.process.kill()
    within(9, site.record.is_quiet)


def assert_served_once(second: Site, address: str) -> None:
    assert second.process.wait(20) == 2
    assert len(second.lines) == 1
    assert f"is already served at {address}" in second.lines[0]


def test_a_taken_port_is_named_with_the_way_out(serve: Callable[..., Site]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        site = serve(PORT=str(port))
        assert site.process.wait(20) == 2
    assert site.lines == [
        f"Port {port} is taken by another program. Choose another: make run PORT={port + 1}\n"
    ]


@pytest.mark.parametrize("port", ["eighty", "70000", "-1"])
def test_a_port_that_is_none_is_refused(serve: Callable[..., Site], port: str) -> None:
    site = serve(PORT=port)
    assert site.process.wait(20) == 2
    assert len(site.lines) == 1
    assert f"PORT={port}" in site.lines[0]


@pytest.mark.parametrize(
    ("variable", "url"),
    [
        ("DATABASE_URL", "postgres://u:secret-word@127.0.0.1:9/none"),
        ("REDIS_URL", "redis://:secret-word@127.0.0.1:9/0"),
    ],
)
def test_an_unreachable_server_is_named_and_nothing_served(
    serve: Callable[..., Site], variable: str, url: str
) -> None:
    site = serve(**{variable: url})
    assert site.process.wait(30) == 2
    said = "".join(site.lines)
    assert "127.0.0.1:9 cannot be reached" in said
    assert f"Check {variable}." in said
    assert "Traceback" not in said
    assert "secret-word" not in said


def test_beyond_loopback_there_are_no_demo_accounts_and_a_later_start_prepares_nothing_anew(
    serve: Callable[..., Site],
) -> None:
    site = serve(HOST="0.0.0.0")  # noqa: S104  (that is what is tested)
    site.await_ready()
    site.hear("there are no demo accounts", 5)
    assert site.said("Nobody can sign in yet")
    assert not site.said(r"user +role +password")
    assert not site.said("Bringing the database|Compressing|Drawing")
    assert site.record.sql("SELECT username FROM review_user WHERE is_active") == []
    assert os.stat(site.record.path / "log").st_mode & 0o077 == 0
    # Killing make comes as SIGTERM, Ctrl-C as SIGINT.
    assert site.stop(signal.SIGHUP) == 0
    within(3, site.record.is_quiet)
    assert site.lines[-1] == "Stopped; everything is saved.\n"
