"""The Postman collection, run by Postman's own ``newman``."""

import json
from dataclasses import replace
from typing import Any

import pytest

from docs.requests import postman
from docs.requests.__main__ import files
from docs.requests.description import Description, read
from scim.settings import Settings

from ..support.databases import EVERYDAY_ON_ONE_DATABASE, ON_ONE_DATABASE
from ..support.npm_programs import INSTALLED, run
from .conftest import everything
from .expectations import falsified

pytestmark = pytest.mark.usefixtures("npm")


def newman(server: Any, tmp_path: Any, collection: dict[str, Any], **variables: str) -> Any:
    """Return newman's report on a run of a collection."""
    path, report = tmp_path / "collection.json", tmp_path / "report.json"
    path.write_text(json.dumps(collection))
    given = {"baseUrl": server.url} | variables
    settings = [word for pair in given.items() for word in ("--env-var", "=".join(pair))]
    command = [str(INSTALLED / ".bin" / "newman"), "run", str(path), *settings]
    done = run(*command, "--reporters", "json", "--reporter-json-export", str(report))
    assert report.exists(), done.stdout + done.stderr
    return json.loads(report.read_text())["run"]


def failed(report: Any) -> list[str]:
    """Return which assertions failed, at which request; errors of scripts are among them."""
    return [
        f"{failure.get('source', {}).get('name')}: {failure['error']['message']}"
        for failure in report["failures"]
    ]


def assertions(description: Description) -> int:
    """Return how many assertions there are: status, media type or no body, and what is shown."""
    return sum(
        2 + len(request.answer_headers) + len(request.expectations)
        for request in description.requests
    )


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_file_is_what_the_requests_make(path):
    assert path.read_text() == files()[path], "run: python -m docs.requests"


@EVERYDAY_ON_ONE_DATABASE
def test_collection_passes_and_leaves_nothing(directory, tmp_path):
    before = everything(directory)

    report = newman(directory, tmp_path, postman.collection(read()))

    assert failed(report) == []
    assert report["stats"]["requests"]["total"] == len([*read().requests])
    assert report["stats"]["assertions"]["total"] == assertions(read())
    assert everything(directory) == before


def test_variables_suit_a_server_with_default_settings():
    variables = {each["key"]: each["value"] for each in postman.collection(read())["variable"]}
    defaults = Settings()

    assert variables["baseUrl"] == f"http://localhost:{defaults.port}{defaults.base_path}"
    assert variables["token"] == defaults.token


@ON_ONE_DATABASE
def test_every_assertion_of_what_is_shown_can_fail(server, tmp_path):
    folders = [
        replace(folder, requests=[falsified(request) for request in folder.requests])
        for folder in read().folders
    ]
    false = replace(read(), folders=folders)
    expected = sum(len(request.expectations) for request in false.requests)

    report = newman(server, tmp_path, postman.collection(false))

    assert len(failed(report)) == expected


@ON_ONE_DATABASE
def test_wrong_token_fails_every_request_but_that_about_it(server, tmp_path):
    report = newman(server, tmp_path, postman.collection(read()), token="wrong")

    refused = {line.partition(":")[0] for line in failed(report)}
    assert refused == {request.name for request in read().requests if not request.token}


def test_every_request_teaches_and_names_its_section():
    for request in read().requests:
        assert len(request.about) > 30, request.name
        assert "RFC " in request.about, request.name
        assert "§" in request.about, request.name


def test_folders_are_those_of_the_standard_subjects():
    names = [folder["name"] for folder in postman.collection(read())["item"]]

    assert names == [
        "Discovery", "Users", "Filters and pages", "PATCH", "Groups", "Bulk", "Errors", "Clean up"
    ]  # fmt: skip
