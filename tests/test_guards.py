"""Rules that hold over the whole project, so that no new page or task forgets them."""

import ast
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_socket import SocketConnectBlockedError

PROJECT = Path(__file__).resolve().parent.parent
OURS = ["review", "generation", "recqr_site"]
# What a person needs before they can sign in, and what machines ask of a server's health.
OPEN_TO_ALL = {"login", "health", "join"}


def patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, route)
        else:
            yield route, entry


def addresses() -> list[tuple[str, str]]:
    """Every route with a value for each of its parameters, and its name."""
    found = []
    for route, entry in patterns(get_resolver()):
        path = "/" + route.replace("<slug:", "<").replace("\\Z", "").replace("$", "")
        for name, converter in entry.pattern.converters.items():
            value = "1" if type(converter).__name__ == "IntConverter" else "x"
            for spelling in (f"<int:{name}>", f"<path:{name}>", f"<str:{name}>", f"<{name}>"):
                path = path.replace(spelling, value)
        found.append((path, entry.name or ""))
    return found


def test_the_project_has_addresses() -> None:
    assert len(addresses()) > 20


@pytest.mark.parametrize(("path", "name"), addresses())
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_address_answers_a_stranger(db: None, path: str, name: str, method: str) -> None:
    if name in OPEN_TO_ALL:
        pytest.skip("open to all on purpose")
    assert "<" not in path, f"the test does not know how to fill {path}"
    response = getattr(Client(), method)(path)
    refused = response.status_code in {401, 403, 405}
    sent_to_login = response.status_code == 302 and response["Location"].startswith("/login/")
    assert refused or sent_to_login, f"{method} {path} answered {response.status_code}"


def our_tasks() -> list[str]:
    current_app.loader.import_default_modules()
    return [name for name in current_app.tasks if name.split(".")[0] in OURS]


def test_every_task_has_its_queue() -> None:
    assert our_tasks()
    for name in our_tasks():
        routes = [r for r in settings.CELERY_TASK_ROUTES if fnmatch(name, r)]
        assert len(routes) == 1, f"{name} has {len(routes)} routes in CELERY_TASK_ROUTES"
        assert settings.CELERY_TASK_ROUTES[routes[0]]["queue"] in {"llm", "retrieval", "default"}


def test_what_beat_sends_is_a_task() -> None:
    scheduled = {entry["task"] for entry in current_app.conf.beat_schedule.values()}
    assert scheduled
    assert scheduled <= set(our_tasks())


def test_no_migration_is_pending(db: None) -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@cache
def imports_of(folder: str) -> dict[Path, list[str]]:
    """What each of its files imports, read once for all tests."""
    paths = sorted((PROJECT / folder).rglob("*.py"))
    return {path: list(imported(ast.parse(path.read_text()))) for path in paths}


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_review_never_imports_generation() -> None:
    for path, found in imports_of("review").items():
        names = {name.split(".")[0] for name in found}
        assert not names & {"generation", "recqr_site"}, path


def test_rules_know_neither_pages_nor_the_api() -> None:
    doors = {"pages", "api", "management", "templatetags"}
    for path, found in imports_of("review").items():
        inside = path.relative_to(PROJECT / "review").parts
        if inside[0] in doors or path.name in {"urls.py", "refusals.py"}:
            continue
        banned = [n for n in found if n.startswith(("django.http", "rest_framework"))]
        assert not banned, path


def test_foreign_keys_point_one_way() -> None:
    for model in apps.get_app_config("review").get_models():
        related = [f.related_model for f in model._meta.get_fields() if f.is_relation]
        for target in related:
            assert target is None or target._meta.app_label != "generation", model


def test_nothing_of_a_page_comes_from_elsewhere() -> None:
    for folder in ["templates", "static"]:
        for path in (PROJECT / folder).rglob("*"):
            if path.suffix not in {".html", ".css", ".js", ".svg"}:
                continue
            text = path.read_text().replace("http://www.w3.org/", "")
            for loader in ['src="http', "src='http", 'href="//', 'src="//', "url(http", "import("]:
                assert loader not in text, f"{path} loads something from elsewhere"


def test_pages_run_no_script_but_our_own(db: None) -> None:
    policy = Client().get("/login/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_no_test_can_reach_the_internet() -> None:
    with pytest.warns(UserWarning, match="192.0.2.1"), pytest.raises(SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


STARTED_WITH = {
    "DATABASE_URL": "postgres://nowhere.invalid/none",
    "REDIS_URL": "redis://nowhere.invalid",
    "PATH": os.environ["PATH"],
}


def settings_with(tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """What a process says whose settings are read from these variables alone."""
    return subprocess.run(
        [sys.executable, "-c", "from recqr_site import settings; print(settings.DEBUG)"],
        cwd=PROJECT,
        env={**STARTED_WITH, "RECQR_VAR": str(tmp_path), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_debug_is_off_unless_asked_for(tmp_path: Path) -> None:
    assert settings_with(tmp_path).stdout.strip() == "False"
    assert settings_with(tmp_path, DEBUG="1").stdout.strip() == "True"


@pytest.mark.parametrize(
    "key", ["", "changeme", "x" * 64, "django-insecure-" + "a1b2c3d4e5f6g7h8" * 3]
)
def test_a_known_or_empty_secret_key_stops_the_start(tmp_path: Path, key: str) -> None:
    answer = settings_with(tmp_path, SECRET_KEY=key)
    assert answer.returncode != 0
    assert "SECRET_KEY is empty, too short or known" in answer.stderr


def test_the_records_own_key_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    settings_with(tmp_path)
    key = tmp_path / "secret-key"
    first = key.read_text()
    settings_with(tmp_path)
    assert key.read_text() == first
    assert len(first) >= 48
    assert key.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "perhaps"),
        ("DATABASE_URL", "mysql://x/y"),
        ("HTTPS", "2x"),
        ("DATABASE_POOL", "many"),
    ],
)
def test_a_bad_variable_stops_the_start_and_is_named(tmp_path: Path, name: str, value: str) -> None:
    answer = settings_with(tmp_path, **{name: value})
    assert answer.returncode != 0
    assert name in answer.stderr.splitlines()[-1]
