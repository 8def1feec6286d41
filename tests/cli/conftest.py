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
def attempt(app: Flask, client: FlaskClient) -> Callable[[str], Result]:
    """Give a command as ``python manage.py`` takes it; return what came of it."""
    commands = click.Group()
    register(commands)
    return lambda command: app.test_cli_runner().invoke(commands, shlex.split(command))


@pytest.fixture
def run(attempt: Callable[[str], Result]) -> Callable[[str], str]:
    """Give a command that must succeed; return what it prints."""

    def succeed(command: str) -> str:
        done = attempt(command)
        assert done.exit_code == 0, done.output
        return done.stdout

    return succeed


@pytest.fixture
def fail(attempt: Callable[[str], Result]) -> Callable[[str], str]:
    """Give a command that must fail; return the one line that says why."""

    def refuse(command: str) -> str:
        done = attempt(command)
        assert done.exit_code != 0, done.output
        assert done.stdout == ""
        assert isinstance(done.exception, SystemExit)
        return done.stderr.splitlines()[-1]

    return refuse
