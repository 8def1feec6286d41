"""The pytest plugin: a server to try clients with; providers and checks to try servers with.

pytest loads it wherever the package is installed, so it imports what takes time only when a test
wants it. docs/testing.md shows how to use it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .checking import Results
    from .providers import Provider
    from .server import ScimServer, Template

# ruff: noqa: PLC0415


@pytest.fixture(scope="session")
def _scim_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    from .server import make_template

    return make_template(tmp_path_factory.mktemp("scim-template"))


@pytest.fixture
def scim_server(
    _scim_template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ScimServer]:
    """A SCIM server: empty, on a free port of this machine, with a database of its own."""
    from .server import running

    with running(_scim_template, tmp_path_factory.mktemp("scim")) as server:
        yield server


@pytest.fixture
def okta() -> Iterator[Callable[..., Provider]]:
    """Okta, which provisions into your server: ``okta(url, token)``."""
    from ..idp.demo.okta import OktaAdministrator
    from .providers import Provider

    with ExitStack() as opened:
        yield lambda *place, **options: opened.enter_context(
            Provider(OktaAdministrator, *place, **options)
        )


@pytest.fixture
def entra() -> Iterator[Callable[..., Provider]]:
    """Entra ID, which provisions into your server: ``entra(url, token)``."""
    from ..idp.demo.entra import EntraAdministrator
    from .providers import Provider

    with ExitStack() as opened:
        yield lambda *place, **options: opened.enter_context(
            Provider(EntraAdministrator, *place, **options)
        )


@pytest.fixture
def scim_check() -> Callable[..., Results]:
    """The checks of ``manage.py check``, on your server: ``scim_check(url, token, "rfc")``."""
    from .checking import check

    return check


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Show the failed checks whole, where ``assert results.failed == []`` fails."""
    is_ours = type(left).__module__ == "scim.testing.checking"
    return [f"failed checks: {len(left)}", *left.lines()] if is_ours and op == "==" else None  # type: ignore[arg-type, attr-defined]
