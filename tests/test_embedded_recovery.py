"""Whatever is killed comes back by itself, and nothing that was saved is lost."""

import os
import signal
import threading
from contextlib import suppress

import psycopg
import redis

from tests.plugins.records import Record, is_alive, within


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def test_a_killed_postgresql_is_back_with_its_rows(record: Record) -> None:
    connection, pids = record.join(["postgres"])
    record.sql("CREATE TABLE kept AS SELECT 7 AS n")
    kill(pids["postgres"])
    assert record.next_event(connection).startswith("PostgreSQL died; back after")
    assert record.sql("SELECT n FROM kept") == [(7,)]


def test_a_busy_backend_does_not_hold_up_the_restart(record: Record) -> None:
    connection, pids = record.join(["postgres"])
    busy = threading.Thread(target=_sleep_in_database, args=(record,))
    busy.start()
    within(5, lambda: record.sql("SELECT 1 FROM pg_stat_activity WHERE query LIKE '%sleep(60%'"))
    kill(pids["postgres"])
    assert "back after" in record.next_event(connection)
    busy.join(5)
    assert record.sql("SELECT 1") == [(1,)]


def _sleep_in_database(record: Record) -> None:
    with suppress(psycopg.OperationalError):
        record.sql("SELECT pg_sleep(60)")


def test_a_killed_redis_is_back_with_its_entries(record: Record) -> None:
    connection, pids = record.join(["redis"])
    for number in range(500):
        record.redis().rpush("queue", number)
    # A disk that is busy holds writes back for a second or two: the promise is about those before.
    record.redis().execute_command("WAITAOF", 1, 0, 5000)
    kill(pids["redis"])
    assert record.next_event(connection).startswith("Redis died; back after")
    assert record.redis().llen("queue") == 500


def test_a_killed_keeper_is_called_back_by_its_users(record: Record) -> None:
    user, _ = record.start_user()
    connection, pids = record.join()
    record.sql("CREATE TABLE kept AS SELECT 7 AS n")
    record.redis().set("kept", 8)
    connection.close()
    kill(pids["keeper"])
    within(5, lambda: not is_alive(pids["postgres"]) and not is_alive(pids["redis"]))
    within(5, lambda: _answers(record))
    assert record.sql("SELECT n FROM kept") == [(7,)]
    assert record.redis().get("kept") == b"8"
    user.communicate()


def _answers(record: Record) -> bool:
    with suppress(psycopg.OperationalError, redis.ConnectionError):
        return bool(record.sql("SELECT 1")) and bool(record.redis().ping())
    return False


def test_a_pid_file_that_names_a_living_process_is_no_obstacle(record: Record) -> None:
    connection, pids = record.join(["postgres"])
    connection.close()
    within(5, lambda: not is_alive(pids["keeper"]))
    stale = f"{os.getpid()}\n{record.places.postgres}\n1\n5432\n\n\n0 0\nready\n"
    (record.places.postgres / "postmaster.pid").write_text(stale)
    record.join(["postgres"])
    assert record.sql("SELECT 1") == [(1,)]


def test_garbage_in_the_file_of_redis_costs_no_start(record: Record) -> None:
    connection, pids = record.join(["redis"])
    record.redis().set("before", 1)
    connection.close()
    within(5, lambda: not is_alive(pids["keeper"]))
    file = next(record.places.valkey.glob("appendonlydir/*.incr.aof"))
    file.write_bytes(file.read_bytes() + b"garbage\r\n" * 20 + b"*1\r\n$4\r\nPING\r\n")
    record.join(["redis"])
    assert record.redis().get("before") == b"1"


def test_a_file_of_redis_beyond_repair_is_set_aside(record: Record) -> None:
    connection, pids = record.join(["redis"])
    connection.close()
    within(5, lambda: not is_alive(pids["keeper"]))
    next(record.places.valkey.glob("appendonlydir/*.manifest")).write_text("no manifest\n")
    record.join(["redis"])
    assert record.redis().ping()
    assert list(record.path.glob("valkey.damaged-*/appendonlydir"))
