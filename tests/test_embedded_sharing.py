"""Embedded services start when first asked for, are shared, and end with their last user."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psutil

from tests.plugins.records import PROJECT, Record, is_alive, within


def test_a_new_record_gets_postgresql_with_vectors_and_redis(record: Record) -> None:
    record.join()
    assert record.sql("SELECT '[1,2]'::vector <-> '[1,3]'::vector") == [(1.0,)]
    assert record.redis().ping()


def test_test_databases_can_be_made_and_have_vectors(record: Record) -> None:
    record.join(["postgres"])
    record.sql("CREATE DATABASE another")
    record.sql("CREATE EXTENSION IF NOT EXISTS vector", dbname="another")
    assert record.sql("SELECT '[1,2]'::vector(2)::text", dbname="another") == [("[1,2]",)]


def test_only_what_is_asked_for_is_started(record: Record) -> None:
    _, pids = record.join(["redis"])
    assert set(pids) == {"keeper", "redis"}
    assert not record.places.postgres.exists()


def test_two_users_share_the_services_which_end_with_the_last(record: Record) -> None:
    first, pids = record.join()
    second, same = record.join()
    assert same == pids
    first.close()
    time.sleep(1.5)
    assert record.redis().ping()
    second.close()
    within(5, record.is_quiet)
    assert not record.places.sockets.exists()


def test_users_that_come_at_once_get_one_keeper(record: Record) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: record.join()[1], range(6)))
    assert all(answer == answers[0] for answer in answers)
    assert len([p for p in record.processes() if "embedded.keeper" in " ".join(p.cmdline())]) == 1


def test_a_user_that_comes_while_the_services_end_gets_new_ones(record: Record) -> None:
    first, pids = record.join()
    record.sql("CREATE TABLE kept AS SELECT 7 AS n")
    os.kill(pids["keeper"], signal.SIGTERM)
    _, fresh = record.join()
    assert fresh["keeper"] != pids["keeper"]
    assert record.sql("SELECT n FROM kept") == [(7,)]
    first.close()


def test_a_killed_user_does_not_keep_the_services(record: Record) -> None:
    user, _ = record.start_user()
    assert record.processes()
    user.kill()
    user.wait()
    within(5, record.is_quiet)


def test_a_warm_join_takes_under_a_fifth_of_a_second(record: Record) -> None:
    record.join()
    began = time.monotonic()
    record.join()
    assert time.monotonic() - began < 0.2


def test_two_records_live_side_by_side(make_record: Callable[..., Record]) -> None:
    left, right = make_record("left"), make_record("right")
    left.join()
    right.join()
    left.sql("CREATE TABLE mine AS SELECT 'left' AS side")
    left.redis().set("side", "left")
    assert right.sql("SELECT to_regclass('mine')") == [(None,)]
    assert right.redis().get("side") is None


def test_a_long_path_with_spaces_and_signs_works(make_record: Callable[..., Record]) -> None:
    record = make_record("a folder, with 'signs' & spaces " + "/deep" * 30)
    record.join()
    assert record.sql("SELECT 1") == [(1,)]
    assert record.redis().ping()


def test_a_forked_child_keeps_the_share_of_its_parent(record: Record) -> None:
    script = (
        "import os, time; from recqr_site import embedded; embedded.ensure()\n"
        "if os.fork(): os._exit(0)\n"
        "time.sleep(2.5)\n"
    )
    command = [sys.executable, "-c", script]
    subprocess.run(command, env=record.environment(), cwd=PROJECT, check=True)
    time.sleep(1.5)
    assert record.redis().ping()
    within(6, record.is_quiet)


def test_addresses_that_are_given_are_left_alone(record: Record) -> None:
    script = (
        "import os; from recqr_site import embedded; embedded.ensure()\n"
        "print(os.environ['DATABASE_URL'], os.environ['REDIS_URL'])\n"
    )
    given = record.environment(DATABASE_URL="postgres://db.example/x")
    command = [sys.executable, "-c", script]
    out = subprocess.run(command, env=given, check=True, capture_output=True, text=True).stdout
    database, redis_url = out.split()
    assert database == "postgres://db.example/x"
    assert redis_url == f"unix://{record.places.valkey_socket}?db=0"


def test_the_keeper_goes_when_its_record_is_deleted(record: Record) -> None:
    _, pids = record.join(["redis"])
    record.places.lock.unlink()
    within(5, lambda: not is_alive(pids["keeper"]))
    assert record.join(["redis"])[1]["keeper"] != pids["keeper"]


def test_no_service_listens_on_the_network(record: Record) -> None:
    _, pids = record.join()
    for pid in pids.values():
        assert psutil.Process(pid).net_connections(kind="inet") == []
