"""The API describes itself, completely, without the internet."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from review.models import User


@pytest.fixture
def schema(alice: User, client_of: Callable[[User], Client]) -> dict[str, Any]:
    response = client_of(alice).get("/api/v1/schema/", {"format": "json"})
    return json.loads(response.content)


def test_the_schema_is_openapi_3_1_and_has_no_warning(tmp_path: Path) -> None:
    target = str(tmp_path / "schema.yaml")
    call_command("spectacular", validate=True, fail_on_warn=True, file=target)
    assert (tmp_path / "schema.yaml").read_text().startswith("openapi: 3.1")


def test_every_operation_is_documented(schema: dict[str, Any]) -> None:
    paths = [path for path in schema["paths"] if "schema" not in path]
    assert set(paths) == {
        "/api/v1/datasets/",
        "/api/v1/datasets/{dataset}/benchmarks/",
        "/api/v1/datasets/{dataset}/benchmarks/{run}/",
        "/api/v1/datasets/{dataset}/benchmarks/{run}/files/{name}",
        "/api/v1/datasets/{dataset}/benchmarks/{run}/write/",
        "/api/v1/datasets/{dataset}/calibration/plan/",
        "/api/v1/datasets/{dataset}/",
        "/api/v1/datasets/{dataset}/policy/",
        "/api/v1/datasets/{dataset}/agreement/",
        "/api/v1/datasets/{dataset}/calibration/",
        "/api/v1/datasets/{dataset}/waves/",
        "/api/v1/datasets/{dataset}/waves/{number}/",
        "/api/v1/datasets/{dataset}/waves/{number}/close/",
        "/api/v1/datasets/{dataset}/certificates/",
        "/api/v1/datasets/{dataset}/certificates/{number}/withdraw/",
        "/api/v1/datasets/{dataset}/certificates/{number}/put-back/",
        "/api/v1/datasets/{dataset}/dialogues/{external_id}/put-back/",
        "/api/v1/datasets/{dataset}/members/",
        "/api/v1/datasets/{dataset}/invitations/",
        "/api/v1/datasets/{dataset}/places/",
        "/api/v1/datasets/{dataset}/places/{assignment}/",
        "/api/v1/datasets/{dataset}/hours/",
        "/api/v1/datasets/{dataset}/claim/",
        "/api/v1/datasets/{dataset}/guidelines/",
        "/api/v1/datasets/{dataset}/guidelines/confirm/",
        "/api/v1/datasets/{dataset}/practice/",
        "/api/v1/datasets/{dataset}/dialogues/",
        "/api/v1/datasets/{dataset}/dialogues/{external_id}/",
        "/api/v1/datasets/{dataset}/dialogues/{external_id}/adjudication/",
        "/api/v1/datasets/{dataset}/dialogues/{external_id}/comments/",
        "/api/v1/datasets/{dataset}/dialogues/{external_id}/relevance/",
        "/api/v1/datasets/{dataset}/dialogues/{external_id}/supports/",
        "/api/v1/datasets/{dataset}/dialogues/{external_id}/supports/{support}/",
        "/api/v1/datasets/{dataset}/disputes/claim/",
        "/api/v1/decisions/{decision}/send-back/",
        "/api/v1/datasets/{dataset}/releases/",
        "/api/v1/datasets/{dataset}/releases/{release}/",
        "/api/v1/datasets/{dataset}/releases/{release}/card/",
        "/api/v1/datasets/{dataset}/imports/",
        "/api/v1/datasets/{dataset}/imports/{import_id}/",
        "/api/v1/datasets/{dataset}/imports/{import_id}/rejected/",
        "/api/v1/datasets/{dataset}/uploads/",
        "/api/v1/datasets/{dataset}/uploads/{upload}/",
        "/api/v1/assignments/{assignment}/",
        "/api/v1/assignments/{assignment}/activity/",
        "/api/v1/assignments/{assignment}/decision/",
        "/api/v1/assignments/{assignment}/draft/",
        "/api/v1/assignments/{assignment}/first-text/",
        "/api/v1/assignments/{assignment}/try/",
        "/api/v1/decisions/{decision}/undo/",
        "/api/v1/datasets/{dataset}/endpoints/",
        "/api/v1/datasets/{dataset}/endpoints/{name}/",
        "/api/v1/datasets/{dataset}/endpoints/{name}/try/",
        "/api/v1/datasets/{dataset}/prompts/{kind}/",
        "/api/v1/datasets/{dataset}/judges/",
        "/api/v1/datasets/{dataset}/retrievers/",
        "/api/v1/datasets/{dataset}/retrievers/{name}/",
        "/api/v1/datasets/{dataset}/retrievers/{name}/primary/",
        "/api/v1/datasets/{dataset}/rubric/",
        "/api/v1/datasets/{dataset}/runs/",
        "/api/v1/datasets/{dataset}/runs/{run}/",
        "/api/v1/datasets/{dataset}/runs/{run}/calls/",
        "/api/v1/datasets/{dataset}/runs/{run}/pause/",
        "/api/v1/datasets/{dataset}/runs/{run}/resume/",
        "/api/v1/datasets/{dataset}/runs/{run}/retry/",
        "/api/v1/datasets/{dataset}/runs/{run}/stop/",
    }
    for path in paths:
        for operation in schema["paths"][path].values():
            assert operation["summary"]
            assert operation["description"]
            assert {"token": []} in operation["security"]


def test_refusals_are_described_as_problem_json(schema: dict[str, Any]) -> None:
    decide = schema["paths"]["/api/v1/assignments/{assignment}/decision/"]["post"]
    for status in ("400", "401", "403", "404", "409"):
        assert "application/problem+json" in decide["responses"][status]["content"]


def test_the_documentation_page_loads_nothing_from_elsewhere(
    alice: User, client_of: Callable[[User], Client], settings: Any
) -> None:
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    page = client_of(alice).get("/api/v1/docs/").content.decode()
    assert "swagger-ui" in page
    assert "//cdn" not in page
    for attribute in ('src="http', 'href="http', 'src="//', 'href="//'):
        assert attribute not in page


def test_a_stranger_is_sent_to_sign_in(db: None) -> None:
    assert Client().get("/api/v1/docs/").status_code == 302
    assert Client().get("/api/v1/schema/").status_code == 401
