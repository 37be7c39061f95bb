"""`make run` watches over every part: whatever dies is back within seconds, and a line says so."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

from celery import Celery
from kombu import Connection

from recqr_site.serving.supervisor import accounts_table
from recqr_site.serving.worker import restore_unacknowledged
from recqr_site.settings import celery_broker
from tests.plugins.records import within
from tests.plugins.sites import Site

SAID = {
    "web": "Web server",
    "models": "Worker of models",
    "checks": "Worker of checks",
    "beat": "Beat",
}


def test_every_part_that_is_killed_is_back_within_seconds_and_ends_with_the_supervisor(
    serve: Callable[..., Site],
) -> None:
    site = serve()
    assert site.page() < 500
    within(10, lambda: _is_below_the_web_server(site, "checks"))
    _kill_each_part(site)
    _kill_each_service(site)
    site.supervisor().kill()
    within(5, site.record.is_quiet)


def _is_below_the_web_server(site: Site, name: str) -> bool:
    """Whether people's pages go before what that worker does."""
    worker, web = site.part(name), site.part("web")
    return worker is not None and web is not None and worker.nice() > web.nice()


def _kill_each_part(site: Site) -> None:
    for name, title in SAID.items():
        before = within(5, lambda name=name: site.part(name))
        before.kill()
        site.hear(rf"{title} ended \(killed by SIGKILL\); starting it again", 5)
        after = within(5, lambda name=name: site.part(name))
        assert after.pid != before.pid
        assert site.page() < 500


def _kill_each_service(site: Site) -> None:
    for name, line in (
        ("postgres", "PostgreSQL died; back after"),
        ("redis", "Redis died; back after"),
        ("keeper", "PostgreSQL and Redis were lost; back after"),
    ):
        connection, pids = site.record.join()
        connection.close()
        os.kill(pids[name], signal.SIGKILL)
        site.hear(line, 10)
        assert site.page() < 500


def test_tasks_that_a_killed_worker_had_taken_go_back_to_their_queue() -> None:
    url = f"{os.environ['REDIS_URL'].partition('?')[0]}?db=15"
    celery = Celery("probe", broker=celery_broker(url), set_as_current=False)
    with Connection(celery.conf.broker_url) as link:
        link.default_channel.client.flushdb()
        queue = link.SimpleQueue("probe")
        for number in range(25):
            queue.put({"number": number})
        for _ in range(25):
            queue.get(timeout=5)
        # Cut off as by kill -9: neither acknowledged nor given back.
        link.default_channel.qos.restore_at_shutdown = False
        queue.channel.qos.restore_at_shutdown = False
        link.collect()
    assert restore_unacknowledged(celery) == 25
    with Connection(celery.conf.broker_url) as link:
        queue = link.SimpleQueue("probe")
        found = {queue.get(timeout=5).payload["number"] for _ in range(25)}
    assert found == set(range(25))


def test_the_demo_accounts_are_printed_as_a_table(tmp_path: Path) -> None:
    path = tmp_path / "accounts.json"
    assert accounts_table(path) == ""
    path.write_text(json.dumps([{"user": "ann", "role": "adjudicator", "password": "a b"}]))
    assert accounts_table(path).splitlines() == [
        "  user  role         password",
        "  ann   adjudicator  a b",
    ]
