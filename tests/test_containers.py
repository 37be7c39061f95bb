"""The image and compose.yaml say what runs: every command of theirs is run here by hand, in a copy
of just the files that the image gets, with just the environment that the containers get."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from recqr_site.celery import app
from tests.plugins.records import PROJECT, is_alive, within

HADOLINT = Path(sys.executable).with_name("hadolint")
SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"
OWN_SERVICES = ("migrate", "web", "worker", "retrieval", "beat")
# Read by others than our settings: compose.yaml, and the library that fetches models.
OF_OTHERS = {"POSTGRES_PASSWORD", "LISTEN", "MODELS", "HF_ENDPOINT"}


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((PROJECT / "compose.yaml").read_text())
    return loaded["services"]


def command(service: str) -> list[str]:
    words: list[str] = compose()[service]["command"]
    return words


def dockerfile() -> str:
    """The Dockerfile with its continued lines joined."""
    return (PROJECT / "Dockerfile").read_text().replace("\\\n", " ")


def image_files() -> list[str]:
    """What .dockerignore lets in: it forbids everything, then names the exceptions."""
    lines = (PROJECT / ".dockerignore").read_text().split()
    assert "*" in lines
    return [line[1:] for line in lines if line.startswith("!")]


@pytest.mark.skipif(not HADOLINT.exists(), reason="hadolint has no build for this platform")
def test_the_dockerfile_passes_its_linter() -> None:
    result = subprocess.run(
        [HADOLINT, "--no-color", PROJECT / "Dockerfile"], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout


def test_the_image_runs_as_an_ordinary_user_and_holds_no_secret() -> None:
    assert re.findall(r"^USER (\S+)", dockerfile(), re.M) == ["10001"]
    assert not {".env", "var", ".git", "tests"} & set(image_files())
    for line in re.findall(r"^(?:ENV|ARG) .*", dockerfile(), re.M):
        assert not re.search(r"SECRET|PASSWORD|KEY", line)


@pytest.mark.parametrize("name", ["SECRET_KEY", "POSTGRES_PASSWORD"])
def test_compose_does_not_start_without_its_secrets(name: str) -> None:
    text = (PROJECT / "compose.yaml").read_text()
    uses = re.findall(rf"\$\{{{name}(.*?)\}}", text)
    assert uses
    assert all(use.startswith(":?") for use in uses)


def test_every_service_of_ours_uses_the_one_image_but_where_models_may_run() -> None:
    services = compose()
    images = {name: services[name]["image"] for name in OWN_SERVICES}
    assert images.pop("retrieval") == "recqr-retrieval"
    assert set(images.values()) == {"recqr"}
    assert set(services) - set(OWN_SERVICES) == {"postgres", "redis"}


def test_only_the_worker_that_searches_may_be_built_with_models() -> None:
    services = compose()
    built = {name: services[name]["build"] for name in OWN_SERVICES}
    assert built.pop("retrieval")["args"] == {"MODELS": "${MODELS:-}"}
    assert set(built.values()) == {"."}
    assert "${MODELS:+-r /tmp/requirements-models.txt}" in dockerfile()


def test_every_queue_has_exactly_one_kind_of_worker() -> None:
    commands = [command(name) for name in ("worker", "retrieval")]
    queues = [words[words.index("-Q") + 1].split(",") for words in commands]
    assert sorted(name for several in queues for name in several) == sorted(
        queue.name for queue in app.conf.task_queues
    )


def test_all_that_the_image_copies_is_let_in() -> None:
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile(), re.M)
    assert {name for line in copied for name in line.split()} - {"."} <= set(image_files())


def test_the_example_environment_names_exactly_the_settings() -> None:
    settings = (PROJECT / "recqr_site" / "settings.py").read_text()
    read = set(re.findall(r'(?:env\.\w+|switch|number)\(\s*"([A-Z_]+)"', settings)) | {"RECQR_VAR"}
    example = (PROJECT / ".env.example").read_text()
    named = re.findall(r"^#? ?([A-Z_]+)=", example, re.M)
    assert len(named) == len(set(named))
    assert set(named) - OF_OTHERS == read


def test_compose_hands_over_only_settings_that_exist() -> None:
    example = (PROJECT / ".env.example").read_text()
    named = set(re.findall(r"^#? ?([A-Z_]+)=", example, re.M))
    text = (PROJECT / "compose.yaml").read_text()
    assert set(re.findall(r"\$\{([A-Z_]+)", text)) <= named
    for service in OWN_SERVICES:
        assert set(compose()[service]["environment"]) <= named


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Container]":
    made = Container(tmp_path_factory.mktemp("container"))
    yield made
    made.end()


class Container:
    """A clean prefix with the image's files, and its processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "srv"
        self.record = folder / "record"
        self.record.mkdir()
        self.static = folder / "static"
        self.started: list[subprocess.Popen[bytes]] = []
        self.folder.mkdir()
        for name in image_files():
            source = PROJECT / name
            if source.is_dir():
                # With what Python compiled, or each process would compile it all anew.
                shutil.copytree(source, self.folder / name)
            else:
                shutil.copy(source, self.folder / name)

    def environment(self, service: str) -> dict[str, str]:
        """ENV of the image under the environment of compose, at the embedded servers."""
        words = compose()[service]["environment"]
        given = {name: _filled(str(value)) for name, value in words.items()}
        ours = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
        ours["DATABASE_URL"] = ours["DATABASE_URL"].rpartition("/")[0] + "/containers"
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
            "DJANGO_SETTINGS_MODULE": "recqr_site.settings",
            "STATIC_ROOT": str(self.static),
            "RECQR_VAR": str(self.record),
            **given,
            **ours,
        }

    def start(self, service: str, words: list[str], log: Path) -> "subprocess.Popen[bytes]":
        with log.open("wb") as output:
            process = subprocess.Popen(
                self.own(words),
                cwd=self.folder,
                env=self.environment(service),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def run(self, service: str, words: list[str], **more: str) -> None:
        subprocess.run(
            self.own(words),
            cwd=self.folder,
            env={**self.environment(service), **more},
            check=True,
            timeout=60,
        )

    @staticmethod
    def own(words: list[str]) -> list[str]:
        """The same words for this interpreter."""
        assert words[0] == "python"
        return [sys.executable, *words[1:]]

    def end(self) -> None:
        for process in self.started:
            process.terminate()
        for process in self.started:
            process.wait(20)


def _filled(value: str) -> str:
    """A value of compose as it is with a filled .env and nothing else."""
    secrets = {"SECRET_KEY": SECRET, "POSTGRES_PASSWORD": "secret"}
    value = re.sub(r"\$\{([A-Z_]+):\?[^}]*\}", lambda found: secrets[found[1]], value)
    return re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", value)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


def image_command(port: int) -> list[str]:
    """CMD of the Dockerfile, on a port that is free here."""
    words: list[str] = yaml.safe_load(re.findall(r"^CMD (\[.*\])", dockerfile(), re.M)[-1])
    return [word.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for word in words]


def test_every_command_runs_in_a_clean_prefix(container: Container, tmp_path: Path) -> None:
    make_database("containers")
    container.run("web", ["python", "manage.py", "collectstatic", "--noinput", "--verbosity", "0"])
    assert list(container.static.rglob("*.br"))
    container.run("migrate", command("migrate"))
    port = free_port()
    web = container.start("web", image_command(port), tmp_path / "web.log")
    workers = {
        name: container.start(name, command(name), tmp_path / f"{name}.log")
        for name in ("worker", "retrieval")
    }
    schedule = str(tmp_path / "beat-schedule")
    words = [word.replace("/tmp/beat-schedule", schedule) for word in command("beat")]  # noqa: S108
    beat = container.start("beat", words, tmp_path / "beat.log")
    within(20, lambda: _is_healthy(container, port))
    for name in workers:
        log = tmp_path / f"{name}.log"
        within(20, lambda log=log: b"ready" in log.read_bytes())
    within(20, lambda: b"beat: Starting" in (tmp_path / "beat.log").read_bytes())
    assert all(is_alive(process.pid) for process in (web, *workers.values(), beat))
    assert not (container.record / "secret-key").exists()
    assert not (container.record / "postgres").exists()


def _is_healthy(container: Container, port: int) -> bool:
    """The image's own HEALTHCHECK, on that port."""
    found = re.findall(r"^HEALTHCHECK .*CMD (\[.*\])", dockerfile(), re.M)[0]
    words: list[str] = yaml.safe_load(found)
    env = {**container.environment("web"), "PORT": str(port)}
    result = subprocess.run(container.own(words), cwd=container.folder, env=env, check=False)
    return result.returncode == 0


def make_database(name: str) -> None:
    folder = os.environ["DATABASE_URL"].removeprefix("postgres://recqr@/").rpartition("/")[0]
    with psycopg.connect(host=folder, user="recqr", dbname="recqr", autocommit=True) as link:
        link.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
