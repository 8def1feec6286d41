"""Imports go one way: the outer layers know the inner ones, never the reverse."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# From the inside out: a module imports from its own layer and from those before it.
LAYERS = (
    ("models", "scim.settings"),
    ("scim.protocol",),
    ("scim.storage", "scim.conformance", "scim.idp"),
    ("scim.serializers",),
    ("scim.provider",),
    ("scim.schema_folder", "scim.service"),
    ("scim.routes", "scim.console", "scim.cli"),
    ("app", "manage"),
)
DEPTH = {part: depth for depth, layer in enumerate(LAYERS) for part in layer}

# Parts that import nothing else of ours, and nothing but the standard library.
ALONE = {"scim.protocol", "scim.conformance"}

# The page of a report is a template; Flask brings Jinja anyway.
EXCEPTIONS = {("scim.conformance.reports.page", "jinja2")}

WEB = {"scim.routes", "scim.console", "scim.cli", "scim.idp", "app", "manage"}
DATABASE = {"scim.storage", "models"}
ONLY_IN = {
    "flask": WEB,
    "werkzeug": WEB,
    "flask_migrate": WEB,
    "flask_sqlalchemy": {"models"},
    "sqlalchemy": DATABASE,
    "psycopg2": DATABASE,
    "sqlite3": DATABASE,
}


def violations(root: Path) -> list[str]:
    """Return one line for each import below ``root`` that goes the wrong way."""
    return [
        f"{path.relative_to(root)}:{line} imports {target}"
        for path in _sources(root)
        for line, target in _imports(path, root)
        if (_module(path, root), _part(target)) not in EXCEPTIONS
        if not _is_allowed(_part(_module(path, root)), target)
    ]


def _sources(root: Path) -> list[Path]:
    return sorted([*root.glob("*.py"), *root.glob("scim/**/*.py")])


def _module(path: Path, root: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _imports(path: Path, root: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the absolute name of whatever the file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(root).parts[: -node.level] if node.level else ()
            origin = ".".join([*package, *filter(None, [node.module])])
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def _part(module: str) -> str:
    """Return the part of the application a name belongs to: ``scim.storage``, ``flask``."""
    names = module.split(".")
    return ".".join(names[:2]) if names[0] == "scim" else names[0]


def _is_allowed(part: str, target: str) -> bool:
    imported = _part(target)
    if part == imported:
        return True
    if imported in ONLY_IN:
        return part in ONLY_IN[imported]
    if imported in DEPTH or imported.startswith("scim"):
        outermost = DEPTH.get(part, -1)
        return part not in ALONE and DEPTH.get(imported, len(LAYERS)) <= outermost
    return part not in ALONE or imported in sys.stdlib_module_names


def test_imports_go_one_way():
    assert violations(ROOT) == []


@pytest.mark.parametrize(
    ("path", "line", "target"),
    [
        ("scim/protocol/patch/apply.py", "import flask", "flask"),
        ("scim/protocol/patch/apply.py", "import marshmallow", "marshmallow"),
        (
            "scim/protocol/patch/apply.py",
            "from ...storage.pages import filters",
            "scim.storage.pages.filters",
        ),
        ("scim/protocol/__init__.py", "from ..settings import Settings", "scim.settings.Settings"),
        ("scim/conformance/suite.py", "from scim.protocol import etag", "scim.protocol.etag"),
        ("scim/conformance/client.py", "import httpx2", "httpx2"),
        ("scim/conformance/reports/junit.py", "import jinja2", "jinja2"),
        ("scim/storage/pages/filters.py", "from scim import provider", "scim.provider"),
        ("scim/provider/operations.py", "from ..routes import me", "scim.routes.me"),
        (
            "scim/provider/operations.py",
            "from sqlalchemy.orm import Session",
            "sqlalchemy.orm.Session",
        ),
        ("scim/routes/me.py", "from sqlalchemy import select", "sqlalchemy.select"),
        ("scim/routes/me.py", "import app", "app"),
        ("scim/serializers/resources.py", "def f():\n    import flask.globals", "flask.globals"),
        ("scim/unheard_of.py", "import models", "models"),
        ("scim/provider/operations.py", "from .. import unheard_of", "scim.unheard_of"),
        ("app.py", "import sqlalchemy as sa", "sqlalchemy"),
        ("models.py", "from scim.storage import tokens", "scim.storage.tokens"),
        ("models.py", "from flask import g", "flask.g"),
    ],
)
def test_import_the_wrong_way_is_noticed(tmp_path, path, line, target):
    _write(tmp_path / path, line)

    [violation] = violations(tmp_path)

    assert violation == f"{path}:{line.count(chr(10)) + 1} imports {target}"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (
            "scim/protocol/patch/apply.py",
            "import re\nfrom ..filters.nodes import And\nfrom scim.protocol import etag",
        ),
        (
            "scim/storage/pages/filters.py",
            "import sqlalchemy\nimport models\nfrom scim.protocol import nodes",
        ),
        (
            "scim/provider/operations.py",
            "from ..storage.tokens import verify\nfrom scim import serializers",
        ),
        (
            "scim/routes/me.py",
            "import flask\nfrom scim import provider\nfrom .auth import bearer_required",
        ),
        ("scim/conformance/reports/page.py", "from jinja2 import Environment"),
        ("models.py", "from flask_sqlalchemy import SQLAlchemy\nimport sqlalchemy"),
        ("manage.py", "from app import create_app\nfrom flask.cli import FlaskGroup"),
        (
            "app.py",
            "from flask_migrate import Migrate\nfrom models import db\nfrom scim import routes",
        ),
    ],
)
def test_import_the_right_way_is_allowed(tmp_path, path, line):
    _write(tmp_path / path, line)

    assert violations(tmp_path) == []


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
