"""The console shows and changes a resource only in the tenant that it belongs to."""

from types import SimpleNamespace

from flask import Flask

from scim.console.app import BLUEPRINTS

from ..routes.test_isolation import SECRET, rows_of
from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.scim import group, user
from ..support.server import run

pytestmark = EVERYDAY_ON_ONE_DATABASE


def paths():
    """Return each method and path of the console that names a resource."""
    app = Flask(__name__)
    for bp in BLUEPRINTS:
        app.register_blueprint(bp)
    return sorted(
        (method, rule.rule.replace("<int:version>", "1"))
        for rule in app.url_map.iter_rules()
        if "<resource_id>" in rule.rule
        for method in rule.methods & {"GET", "POST"}
    )


def test_no_page_reaches_a_resource_of_another_tenant(console, engine):
    send = console.server.session
    babs = send.post("/Users", json=user("babs", displayName=SECRET)).json()
    gone = send.post("/Users", json=user("gone", displayName=SECRET)).json()
    send.delete(f"/Users/{gone['id']}").raise_for_status()
    tours = send.post("/Groups", json=group(SECRET, babs)).json()
    run("manage.py", "tenant", "add", "acme", DATABASE_URL=console.server.database_url)
    default = SimpleNamespace(tenant=SimpleNamespace(id=1))
    before = rows_of(engine, default)
    form = {"to": "1", "version": "1", "active": "false", "member": babs["id"], "add": babs["id"]}
    form |= {"userName": "x", "displayName": "x", "body": "{}"}

    assert len(paths()) > 10
    for method, path in paths():
        for name, each in (("User", babs), ("User", gone), ("Group", tours)):
            place = path.replace("<type_name>", name).replace("<resource_id>", each["id"])
            asked = f"{place}?tenant=acme"
            answer = console.web.get(asked) if method == "GET" else console.post(asked, **form)
            assert answer.status_code < 500, place
            assert SECRET not in answer.text, place
        assert rows_of(engine, default) == before, place
