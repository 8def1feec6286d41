"""Imports go one way: the outer layers know the inner ones, and no module imports itself."""

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# From the inside out: a module imports from its own layer and from those before it.
LAYERS = (
    (
        "scim.models",
        "scim.environment",
        "scim.addresses",
        "scim.database_urls",
        "scim.folders",
        "scim.mail",
        "scim.rate",
        "scim.places",
        "scim.settings",
        "scim.printing",
        "scim.program",
        "scim.logs",
    ),
    ("scim.protocol",),
    ("scim.storage", "scim.conformance", "scim.explain", "scim.idp"),
    ("scim.serializers",),
    ("scim.provider",),
    ("scim.schema_folder", "scim.service"),
    ("scim.routes", "scim.server", "scim.operate", "scim.deliver", "scim.console", "scim.cli"),
    ("scim.embedding",),
    ("scim", "scim.Scim", "models", "app", "manage", "scim.testing"),
)
DEPTH = {part: depth for depth, layer in enumerate(LAYERS) for part in layer}

# Parts that import the standard library, and of ours these parts only.
PURE: dict[str, set[str]] = {
    "scim.protocol": set(),
    "scim.conformance": set(),
    "scim.explain": {"scim.protocol"},
}

# A command does not send requests to itself.
FORBIDDEN = {("scim.cli", "scim.routes"), ("scim.server", "scim.routes")}

# The page of a report is a template; Flask brings Jinja anyway.
EXCEPTIONS = {("scim.conformance.reports.page", "jinja2")}

WEB = {
    *("scim.embedding", "scim.testing", "scim.routes", "scim.console", "scim.cli", "scim.idp"),
    *("app", "manage"),
}
DATABASE = {"scim.storage", "scim.models"}
ONLY_IN = {
    "flask": WEB,
    "werkzeug": WEB,
    "flask_migrate": WEB,
    "flask_sqlalchemy": {"models"},  # an application that embeds the server has its own
    "sqlalchemy": DATABASE,
    "psycopg2": DATABASE,
    "sqlite3": DATABASE,
    "smtplib": {"scim.deliver"},
    "blinker": {"scim.deliver"},
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
    if part in PURE:
        return imported in PURE[part] or imported in sys.stdlib_module_names
    if imported in ONLY_IN:
        return part in ONLY_IN[imported]
    if imported in DEPTH or imported.startswith("scim"):
        is_further_in = DEPTH.get(imported, len(LAYERS)) <= DEPTH.get(part, -1)
        return is_further_in and (part, imported) not in FORBIDDEN
    return True


def circle(root: Path) -> list[str]:
    """Return modules below ``scim`` that import each other in a circle, those for types too.

    An ``__init__`` is in none: it only hands out names of the modules beside it.
    """
    modules = {_module(path, root): path for path in sorted(root.glob("scim/**/*.py"))}
    faces = {name for name, path in modules.items() if path.name == "__init__.py"}
    known = modules.keys() - faces
    graph = {
        name: {
            found
            for _, target in _imports(path, root)
            for found in (target, target.rpartition(".")[0])
            if found in known and found != name
        }
        for name, path in modules.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        modules_in_it: list[str] = error.args[1]
        return modules_in_it
    return []


def test_imports_go_one_way():
    assert violations(ROOT) == []


def test_no_modules_import_each_other():
    assert circle(ROOT) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("scim/storage/b.py", "from . import a"),
        ("scim/storage/b.py", "from .a import x"),
        ("scim/storage/b.py", "import scim.storage.a"),
        ("scim/storage/b.py", "def f():\n    from scim.storage.a import x"),
        (
            "scim/storage/b.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .a import x",
        ),
        ("scim/storage/b.py", "from .rooms.c import x"),
    ],
)
def test_circle_is_found(tmp_path, path, text):
    _write(tmp_path / "scim/storage/__init__.py", "from .a import x\nfrom .b import y")
    _write(tmp_path / "scim/storage/a.py", "from .b import y")
    _write(tmp_path / "scim/storage/rooms/c.py", "from ..a import x")
    assert circle(tmp_path) == []

    _write(tmp_path / path, text)

    assert {"scim.storage.a", "scim.storage.b"} <= set(circle(tmp_path))


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
        ("scim/cli/trash.py", "import smtplib", "smtplib"),
        ("scim/serializers/resources.py", "def f():\n    import flask.globals", "flask.globals"),
        ("scim/explain/filter.py", "from scim.storage import Store", "scim.storage.Store"),
        ("scim/explain/filter.py", "import httpx2", "httpx2"),
        ("scim/provider/query.py", "from scim.operate import limits", "scim.operate.limits"),
        ("scim/cli/trash.py", "from scim.routes.call import Call", "scim.routes.call.Call"),
        ("scim/unheard_of.py", "import models", "models"),
        ("scim/provider/operations.py", "from .. import unheard_of", "scim.unheard_of"),
        ("app.py", "import sqlalchemy as sa", "sqlalchemy"),
        ("scim/models/base.py", "from scim.storage import tokens", "scim.storage.tokens"),
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
            "import sqlalchemy\nfrom scim import models\nfrom scim.protocol import nodes",
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
        ("scim/explain/filter.py", "from scim.protocol.filters.parser import parse_filter"),
        ("scim/cli/export.py", "from scim.operate import export\nfrom scim.provider import query"),
        ("models.py", "from flask_sqlalchemy import SQLAlchemy\nfrom scim.models import Base"),
        ("scim/models/base.py", "import sqlalchemy"),
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
