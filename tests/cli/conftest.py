"""Fixtures for the tests of the commands."""

import shlex
from collections.abc import Callable

import click
import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient

from scim.cli import register

from ..support.scim import Scim


@pytest.fixture
def scim(client: FlaskClient) -> Scim:
    return Scim(client)


@pytest.fixture
def attempt(app: Flask, client: FlaskClient) -> Callable[..., Result]:
    """Give a command as ``python manage.py`` takes it; return what came of it.

    ``attempt("token import okta", "text")`` types a text.
    """
    commands = click.Group()
    register(commands)
    return lambda command, text=None: app.test_cli_runner().invoke(
        commands, shlex.split(command), input=text
    )


@pytest.fixture
def run(attempt: Callable[..., Result]) -> Callable[..., str]:
    """Give a command that must succeed; return what it prints."""

    def succeed(command: str, text: str | None = None) -> str:
        done = attempt(command, text)
        assert done.exit_code == 0, done.output
        return done.stdout

    return succeed


@pytest.fixture
def fail(attempt: Callable[..., Result]) -> Callable[..., str]:
    """Give a command that must fail; return the one line that says why."""

    def refuse(command: str, text: str | None = None) -> str:
        done = attempt(command, text)
        assert done.exit_code != 0, done.output
        assert done.stdout == ""
        assert isinstance(done.exception, SystemExit)
        return done.stderr.splitlines()[-1]

    return refuse


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a process learn of new receivers at once."""
    monkeypatch.setattr("scim.storage.receivers.FRESH", 0.0)
    monkeypatch.setattr("scim.cli.receivers.FRESH", 0.0)


@pytest.fixture
def opened_by(app: Flask) -> Callable[[str], Scim]:
    """Return the service as somebody with a token sees it."""

    def open_with(token: str) -> Scim:
        app.extensions["scim"].doorkeeper.known.clear()  # it remembers for some seconds
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return Scim(client)

    return open_with
