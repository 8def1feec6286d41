"""The ``.http`` file, sent as an editor sends it."""

import httpx2
import pytest

from docs.requests.__main__ import DOCS
from docs.requests.description import NO_BODY, Request, read

from ..support.databases import ON_ONE_DATABASE
from ..support.server import plain_client
from .conftest import everything
from .expectations import falsified, holds
from .http_file import Editor

TEXT = (DOCS / "http" / "scim.http").read_text()


@pytest.fixture
def client():
    """A client that sends what it is told, and nothing of its own."""
    with plain_client() as client:
        client.headers.clear()
        yield client


def faults(request: Request, answer: httpx2.Response, editor: Editor) -> list[str]:
    """Return in what an answer is not what it has to be."""
    lacking = [name for name in request.answer_headers if name not in answer.headers]
    if answer.status_code != request.status or lacking:
        return [f"{request.name}: {answer.status_code} {lacking} {answer.text}"]
    if request.status in NO_BODY:
        return [f"{request.name}: {answer.text}"] if answer.text else []
    assert answer.headers["Content-Type"].startswith("application/scim+json")
    return [
        f"{request.name}: {expectation}: {answer.text}"
        for expectation in request.expectations
        if not holds(expectation, answer.json(), editor.filled)
    ]


def at(server, text: str = TEXT) -> str:
    """Return the file with the URL of a server, as a reader changes it."""
    return text.replace("@baseUrl = http://localhost:5000/scim/v2", f"@baseUrl = {server.url}")


def test_file_runs_from_top_to_bottom_and_leaves_nothing(directory, client):
    before = everything(directory)
    editor = Editor(client, at(directory))

    for request, (title, answer) in zip(read().requests, editor.send_all(), strict=True):
        assert title == request.name
        assert faults(request, answer, editor) == []

    assert everything(directory) == before


@ON_ONE_DATABASE
def test_file_runs_with_values_written_by_hand(server, client):
    """As in JetBrains IDEs, which know nothing of ``{{name.response...}}``."""
    editor = Editor(client, at(server))

    for request, (_, answer) in zip(read().requests, editor.send_all(), strict=True):
        assert faults(request, answer, editor) == []
        for name in request.keep:
            reference = next(line for line in TEXT.splitlines() if line.startswith(f"@{name} = "))
            value = editor.filled(f"{{{{{name}}}}}")
            editor.text = editor.text.replace(reference, f"@{name} = {value}")

    assert ".response." not in editor.text


@ON_ONE_DATABASE
def test_every_check_of_what_is_shown_can_fail(server, client):
    editor = Editor(client, at(server))

    for request, (_, answer) in zip(read().requests, editor.send_all(), strict=True):
        assert len(faults(falsified(request), answer, editor)) == len(request.expectations)


@ON_ONE_DATABASE
def test_unknown_variable_is_noticed(server, client):
    editor = Editor(client, at(server).replace("@run = http\n", ""))

    with pytest.raises(KeyError, match="run"):
        list(editor.send_all())


@ON_ONE_DATABASE
def test_wrong_token_is_noticed(server, client):
    editor = Editor(client, at(server).replace("@token = 123456789", "@token = wrong"))
    first = next(read().requests)

    _, answer = next(editor.send_all())

    assert faults(first, answer, editor) != []
