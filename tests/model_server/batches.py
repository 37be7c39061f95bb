"""Files and batches, as OpenAI's Batch API has them: many requests in one file, answered later."""

import email.parser
import email.policy
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.model_server.replies import data, refused
from tests.model_server.transport import Reply, Request

# Shares of `batch_seconds` after which a batch goes on.
PHASES = ((0.1, "validating"), (0.9, "in_progress"), (1.0, "finalizing"))
ENDED = ("completed", "failed", "expired", "cancelled")
LEFT_OUT = {
    "expired": "This request could not be executed before the completion window expired.",
    "cancelled": "This request was not executed, since the batch was cancelled.",
}
Line = dict[str, Any]


@dataclass
class StoredFile:
    id: str
    filename: str
    purpose: str
    data: bytes

    def as_json(self) -> dict[str, Any]:
        fields = {"id": self.id, "filename": self.filename, "purpose": self.purpose}
        told = {"object": "file", "status": "processed", "created_at": int(time.time())}
        return {**fields, **told, "bytes": len(self.data)}


@dataclass
class Batch:
    """`shown` is what clients see."""

    shown: dict[str, Any]
    began: float = field(default_factory=time.monotonic)

    def become(self, status: str) -> None:
        self.shown["status"] = status
        self.shown[f"{status}_at"] = int(time.time())


@dataclass
class Batching:
    """The half of a model server that keeps files and works through batches.

    A batch with `batch_seconds` 0 ends when it is first looked at. It ends as `batch_fate` says:
    completed, failed (not valid), expired or cancelled (half of its lines done).
    """

    batch_seconds: float = 0
    batch_fate: str = "completed"
    files: dict[str, StoredFile] = field(default_factory=dict)
    batches: dict[str, Batch] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._keys: Iterator[int] = itertools.count(1)

    def batch_reply(self, request: dict[str, Any]) -> Reply | None:
        """The reply to one line of a batch, as a live call would get it; None: there is none."""
        raise NotImplementedError

    def add_file(self, request: Request) -> Reply:
        fields, name, content = _form(request)
        return data(self._store(name, fields.get("purpose", ""), content).as_json())

    def list_files(self, request: Request) -> Reply:
        return data(_listed([file.as_json() for file in self.files.values()], request))

    def show_file(self, request: Request, key: str) -> Reply:
        return data(self.files[key].as_json())

    def file_content(self, request: Request, key: str) -> Reply:
        return Reply(200, self.files[key].data, {"Content-Type": "application/octet-stream"})

    def delete_file(self, request: Request, key: str) -> Reply:
        del self.files[key]
        return data({"id": key, "object": "file", "deleted": True})

    def add_batch(self, request: Request) -> Reply:
        wanted = orjson.loads(request.body)
        file = self.files.get(wanted["input_file_id"])
        if file is None or file.purpose != "batch":
            return refused(400, "input_file_id names no file of purpose batch", "invalid_request")
        key = f"batch_{next(self._keys)}"
        self.batches[key] = Batch(_new(key, wanted))
        return data(self.batches[key].shown)

    def list_batches(self, request: Request) -> Reply:
        return data(_listed([self._now(batch) for batch in self.batches.values()], request))

    def show_batch(self, request: Request, key: str) -> Reply:
        return data(self._now(self.batches[key]))

    def cancel_batch(self, request: Request, key: str) -> Reply:
        batch = self.batches[key]
        if batch.shown["status"] in ENDED:
            return refused(409, f"The batch is {batch.shown['status']}.", "invalid_status")
        batch.become("cancelling")
        return data(batch.shown)

    def _store(self, name: str, purpose: str, content: bytes) -> StoredFile:
        file = StoredFile(f"file-{next(self._keys)}", name, purpose, content)
        self.files[file.id] = file
        return file

    def _now(self, batch: Batch) -> dict[str, Any]:
        """A batch as it is at this moment: it goes on when it is looked at."""
        if batch.shown["status"] not in ENDED:
            self._go_on(batch)
        return batch.shown

    def _go_on(self, batch: Batch) -> None:
        if batch.shown["status"] == "cancelling":
            self._end(batch, "cancelled")
            return
        spent = time.monotonic() - batch.began
        for share, status in PHASES:
            if spent < share * self.batch_seconds:
                batch.shown["status"] = status
                return
        self._end(batch, self.batch_fate)

    def _end(self, batch: Batch, fate: str) -> None:
        lines, problems = _checked(self.files[batch.shown["input_file_id"]].data)
        if fate == "failed":
            problems.append(_problem("told", 1, "Told to find a fault in this line."))
        if problems:
            batch.shown["errors"] = {"object": "list", "data": problems}
            batch.become("failed")
            return
        self._answer(batch, lines, fate)
        batch.become(fate)

    def _answer(self, batch: Batch, lines: list[Line], fate: str) -> None:
        done = len(lines) if fate == "completed" else len(lines) // 2
        answered = [found for line in lines[:done] if (found := self._answered(line))]
        good = [one for one in answered if one["response"]["status_code"] == 200]
        bad = [one for one in answered if one["response"]["status_code"] != 200]
        bad += [_left_out(line, fate) for line in lines[done:]]
        batch.shown["output_file_id"] = self._written(good, "output")
        batch.shown["error_file_id"] = self._written(bad, "error")
        counts = {"total": len(lines), "completed": len(good), "failed": len(lines) - len(good)}
        batch.shown["request_counts"] = counts

    def _answered(self, line: Line) -> Line | None:
        reply = self.batch_reply(line["body"])
        if reply is None:
            return None
        response = {"status_code": reply.status, "request_id": "r-1", "body": _body(reply)}
        return _line(line, response, None)

    def _written(self, lines: list[Line], name: str) -> str | None:
        """The key of a new file; an empty one is not made."""
        if not lines:
            return None
        content = b"".join(orjson.dumps(line) + b"\n" for line in lines)
        return self._store(f"{name}.jsonl", "batch_output", content).id


def _new(key: str, wanted: dict[str, Any]) -> dict[str, Any]:
    kept = ("input_file_id", "endpoint", "completion_window", "metadata")
    return {
        **{name: wanted.get(name) for name in kept},
        "id": key,
        "object": "batch",
        "status": "validating",
        "errors": None,
        "created_at": int(time.time()),
        "output_file_id": None,
        "error_file_id": None,
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
    }


def _listed(rows: list[dict[str, Any]], request: Request) -> dict[str, Any]:
    """One page, the newest first."""
    rows = rows[::-1]
    if after := request.query.get("after"):
        rows = rows[[row["id"] for row in rows].index(after) + 1 :]
    page = rows[: int(request.query.get("limit", 20))]
    ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"]} if page else {}
    return {"object": "list", "data": page, "has_more": len(rows) > len(page), **ends}


def _checked(content: bytes) -> tuple[list[Line], list[dict[str, Any]]]:
    """The lines of a batch, and what is wrong with them."""
    lines, problems = [], []
    for number, raw in enumerate(content.splitlines(), 1):
        try:
            lines.append(orjson.loads(raw))
        except orjson.JSONDecodeError:
            problems.append(_problem("invalid_json_line", number, "This line is no JSON."))
    if len({line["custom_id"] for line in lines}) < len(lines):
        problems.append(_problem("duplicate_custom_id", None, "Two lines have the same custom_id."))
    if len({line["body"].get("model") for line in lines}) > 1:
        problems.append(_problem("mismatched_model", None, "All lines must name the same model."))
    if not content.strip():
        problems.append(_problem("empty_file", None, "The file holds no request."))
    return lines, problems


def _problem(code: str, line: int | None, message: str) -> dict[str, Any]:
    return {"code": code, "line": line, "message": message, "param": None}


def _left_out(line: Line, fate: str) -> Line:
    return _line(line, None, {"code": f"batch_{fate}", "message": LEFT_OUT[fate]})


def _line(asked: Line, response: Line | None, error: Line | None) -> Line:
    key = asked["custom_id"]
    return {"id": f"batch_req_{key}", "custom_id": key, "response": response, "error": error}


def _body(reply: Reply) -> Any:
    try:
        return orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return {"proxy": reply.body.decode()}


def _form(request: Request) -> tuple[dict[str, str], str, bytes]:
    """Plain fields of a form, and the name and content of its file."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    parser = email.parser.BytesParser(policy=email.policy.HTTP)
    fields, name, content = {}, "", b""
    for part in parser.parsebytes(head + request.body).iter_parts():  # type: ignore[attr-defined]
        value = part.get_payload(decode=True)
        if part.get_filename() is None:
            fields[str(part.get_param("name", header="content-disposition"))] = value.decode()
        else:
            name, content = part.get_filename(), value
    return fields, name, content
