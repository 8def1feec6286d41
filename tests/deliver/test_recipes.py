"""The recipes of docs/recipes.md: real applications of others that a webhook keeps up to date."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, contextmanager

import httpx2
import pytest

from app import create_app
from scim.deliver.webhooks.webhooks import KIND, new_secrets
from scim.storage import receivers
from scim.storage.receivers import add_receiver
from scim.storage.tokens import find_tenant

from ..support import npm_programs
from ..support.databases import ON_ONE_DATABASE
from ..support.ports import free_port
from ..support.receiving import deliver_all
from ..support.scim import Scim, group, path_of, replace, user
from ..support.server import ROOT
from ..support.waiting import wait_until

pytestmark = ON_ONE_DATABASE
RECIPES = (ROOT / "docs/recipes.md").read_text()
MODELS, VIEW, FASTAPI = re.findall(r"^```python\n(.*?)^```", RECIPES, re.MULTILINE | re.DOTALL)
[EXPRESS] = re.findall(r"^```js\n(.*?)^```", RECIPES, re.MULTILINE | re.DOTALL)
SETTINGS = """
SECRET_KEY = "of the test"
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["members"]
ROOT_URLCONF = "members.urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "members.db"}}
"""
URLS = """
from django.urls import path
from . import views
urlpatterns = [path("hooks", views.receive)]
"""
WSGI = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
SHOWN = "\n@app.get('/hooks')\ndef all():\n    return members\n"
SHOWN_JS = "\napp.get('/hooks', (_, response) => response.json(Object.fromEntries(members)));\n"
GRANIAN = (sys.executable, "-m", "granian", "--no-ws", "--workers", "1")


@contextmanager
def running(folder, secret, command, **environment):
    """Run an application in a folder on a free port; yield its URL."""
    port = free_port()
    known = os.environ | environment | {"WEBHOOK_SECRET": secret, "PORT": str(port)}
    ported = [each.replace("PORT", str(port)) for each in command]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ported, cwd=folder, env=known, stdout=log, stderr=log, start_new_session=True
        )
    url = f"http://127.0.0.1:{port}/hooks"
    try:

        def answers():
            assert process.poll() is None, (folder / "log").read_text()
            try:
                return httpx2.post(url, trust_env=False).status_code == 401
            except httpx2.TransportError:
                return False

        wait_until(answers)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def of_django(folder, secret):
    (folder / "members").mkdir()
    for name, text in {"models": MODELS, "views": VIEW, "urls": URLS, "__init__": ""}.items():
        (folder / f"members/{name}.py").write_text(text)
    (folder / "settings.py").write_text(SETTINGS)
    (folder / "wsgi.py").write_text(WSGI)
    known = {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(folder)}
    made = [sys.executable, "-m", "django", "migrate", "--run-syncdb"]
    subprocess.run(made, cwd=folder, env=os.environ | known, check=True, capture_output=True)
    command = [*GRANIAN, "--interface", "wsgi", "--port", "PORT", "wsgi:application"]
    with running(folder, secret, command, **known) as url:

        def all_members():
            with sqlite3.connect(folder / "members.db") as database:
                rows = database.execute(
                    "SELECT scim_id, external_id, user_name, is_active FROM members_member"
                )
                return {key: (*rest, bool(active)) for key, *rest, active in rows}

        yield url, all_members


@contextmanager
def of_fastapi(folder, secret):
    (folder / "hooks.py").write_text(FASTAPI + SHOWN)
    command = [*GRANIAN, "--interface", "asgi", "--port", "PORT", "hooks:app"]
    with running(folder, secret, command, PYTHONPATH=str(folder)) as url:
        names = ("external_id", "user_name", "is_active")
        yield url, lambda: shown(url, names)


@contextmanager
def of_express(folder, secret):
    npm_programs.install()
    (folder / "hooks.mjs").write_text(EXPRESS + SHOWN_JS)
    (folder / "node_modules").symlink_to(npm_programs.INSTALLED)
    with running(folder, secret, ["node", "hooks.mjs"]) as url:
        names = ("externalId", "userName", "isActive")
        yield url, lambda: shown(url, names)


def shown(url, names):
    known = httpx2.get(url, trust_env=False).json()
    return {key: tuple(each.get(name) for name in names) for key, each in known.items()}


@pytest.fixture(scope="module")
def app(database_url):
    app = create_app({"DATABASE_URL": database_url, "TESTING": True, "WEBHOOK_ALLOW_PRIVATE": True})
    yield app
    app.extensions["scim"].database.close()


def test_applications_know_their_users_by_webhook(app, client, engine, monkeypatch, tmp_path):
    service, scim = app.extensions["scim"], Scim(client)
    monkeypatch.setattr(receivers, "FRESH", 0.0)
    applications = {"django": of_django, "fastapi": of_fastapi, "express": of_express}
    members = {}
    with ExitStack() as running_ones:
        for name, start in applications.items():
            folder, secrets = tmp_path / name, new_secrets()
            folder.mkdir()
            url, members[name] = running_ones.enter_context(start(folder, secrets["current"]))
            service.database.write(
                lambda known, name=name, url=url, secrets=secrets: add_receiver(
                    known, find_tenant(known, "default"), name, KIND, url, secrets
                )
            )

        def deliver():
            deliver_all(service)
            with engine.connect() as connection:
                assert connection.exec_driver_sql("SELECT error FROM outbox").all() == []
            first, *others = [each() for each in members.values()]
            assert all(each == first for each in others)
            return first

        eva = scim.create(user("eva", externalId="00u1"))
        scim.create(group("Guides", eva))
        assert deliver() == {eva["id"]: ("00u1", "eva", True)}
        scim.patch(path_of(eva), replace("userName", "eva.holm"), replace("active", False))
        jane = scim.create(user("jane"))
        assert deliver() == {
            eva["id"]: ("00u1", "eva.holm", False),
            jane["id"]: (None, "jane", True),
        }
        scim.delete(path_of(jane))
        scim.patch(path_of(eva), replace("active", True))
        assert deliver() == {
            eva["id"]: ("00u1", "eva.holm", True),
            jane["id"]: (None, "jane", False),
        }
