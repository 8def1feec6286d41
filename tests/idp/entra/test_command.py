"""``python manage.py idp entra`` refuses files, options, a URL or a port in one line."""

import json
import socket

import pytest
from click.testing import CliRunner

from scim.cli.entra import entra
from tests.support.ports import free_port

from ..scripted import EMPTY, scripted
from .tenant import GRACE, PEOPLE

APP = ("--scim", "http://127.0.0.1:1/scim/v2", "--token", "t")


def refused(*arguments: str) -> str:
    """Return what the command says when it does not start."""
    result = CliRunner().invoke(entra, ["--port", str(free_port()), *arguments])
    assert result.exit_code == 1, result.output
    return result.output


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "Expecting property name"),
        ("[]", "is not a directory"),
        ({"users": [{"shoe": 1}]}, "Invalid property 'shoe'."),
        ({"users": [{"displayName": "Ada"}]}, "A value is required for property 'mailNickname'"),
        (PEOPLE | {"assignments": ["nobody"]}, "Resource 'nobody' does not exist"),
        ({"appRoles": [{"id": "7"}]}, "property 'value' of resource 'AppRole'"),
        (
            PEOPLE | {"assignments": [{"principalId": GRACE, "appRoleId": "admin"}]},
            "Permission being assigned was not found on application",
        ),
        ({"assignments": [{}]}, "is not a directory"),
        ({"users": [PEOPLE["users"][1] | {"id": "7"}]}, "Invalid object identifier '7'."),
        (
            PEOPLE | {"groups": [PEOPLE["users"][1] | {"displayName": "x"}]},
            f"Another object has the id '{GRACE}'.",
        ),
    ],
)
def test_directory_that_makes_no_sense_is_refused(tmp_path, document, message):
    path = tmp_path / "directory.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))

    said = refused(*APP, "--directory", str(path))
    assert message in said
    assert str(path) in said


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "Expecting property name"),
        ("[]", "the mapping has not the shape of a synchronizationSchema"),
        ("{}", "synchronizationRules is missing in the mapping"),
    ],
)
def test_mapping_that_makes_no_sense_is_refused(tmp_path, document, message):
    path = tmp_path / "mapping.json"
    path.write_text(document)

    assert f"Error: {path}: {message}" in refused(*APP, "--mapping", str(path))


def test_mapping_and_what_users_are_looked_for_by_exclude_each_other(tmp_path):
    path = tmp_path / "mapping.json"
    path.write_text("{}")
    arguments = [*APP, "--mapping", str(path), "--matching", "email"]

    result = CliRunner().invoke(entra, arguments)

    assert result.exit_code == 2
    assert "omit --matching" in result.output


def test_tenant_url_that_is_none_is_refused():
    assert "'ftp://x' is not a URL" in refused("--scim", "ftp://x", "--token", "t")


def test_port_that_is_taken_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as taken, scripted((200, {}, EMPTY)) as app:
        port = str(taken.getsockname()[1])

        assert "in use" in refused(*APP, "--scim", app.url, "--port", port)


def test_port_that_is_none_is_refused():
    result = CliRunner().invoke(entra, [*APP, "--port", "65536"])

    assert result.exit_code == 2
    assert "'--port': 65536 is not in the range" in result.output
