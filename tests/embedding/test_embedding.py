"""The server inside another Flask application, which stays as it is."""

import logging
import os
import signal
from threading import Thread

import pytest
import sqlalchemy as sa
from flask import Blueprint, Flask, current_app, g, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Session

from scim import Scim
from scim.deliver import signals
from scim.deliver.calling import FAILED
from scim.protocol.errors import ForbiddenError
from scim.settings import SettingError

from ..support.errors import check_error
from ..support.receiving import carry_all
from ..support.scim import group, user
from ..support.waiting import wait_until

BASE = "/of/acme/scim/v2"


class Host:
    """Somebody's application, with tables, a login page and habits of its own."""

    def __init__(self, url):
        self.db = db = SQLAlchemy()
        self.app = app = Flask("host")
        app.config["SQLALCHEMY_DATABASE_URI"] = url
        db.init_app(app)
        # PostgreSQL has our tables in another schema, so the names may be the same.
        table = "users" if url.startswith("postgresql") else "people_here"

        class Person(db.Model):
            __tablename__ = table
            id = db.Column(db.Integer, primary_key=True)
            name = db.Column(db.String, unique=True)

        self.person = Person
        app.before_request(self.look)
        app.after_request(self.mark)
        app.register_error_handler(404, lambda error: ("not here", 404))
        app.add_url_rule("/", view_func=lambda: "the host's page")

    def look(self):
        g.seen = request.get_data() if "X-Curious" in request.headers else b""

    def mark(self, answer):
        answer.headers["X-Host"] = "was here"
        return answer

    def names(self):
        with self.app.app_context():
            return sorted(self.db.session.scalars(sa.select(self.person.name)))


@pytest.fixture
def host(new_database):
    host = Host(new_database())
    yield host
    with host.app.app_context():
        host.db.engine.dispose()


@pytest.fixture
def scim(host):
    scim = Scim(
        host.app,
        "/of/<customer>/scim/v2",
        engine=lambda: host.db.engine,
        tenant=lambda: request.view_args["customer"],
        max_page_size=50,
        default_page_size=5,
    )
    with host.app.app_context():
        host.db.create_all()
        scim.upgrade()
        yield scim
        scim.service.database.close()


@pytest.fixture
def send(host, scim):
    """Send a request with the token of the tenant acme."""
    token, client = scim.issue_token("okta", "acme"), host.app.test_client()

    def send(method, path, body=None, token=token, **headers):
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["Authorization"] = f"Bearer {token}"
        content = {} if body is None else {"json": body}
        return client.open(path, method=method, headers=sent, **content)

    return send


def create(send, document):
    name = "Groups" if "displayName" in document else "Users"
    answer = send("POST", f"{BASE}/{name}", document)
    assert answer.status_code == 201, answer.text
    return answer.json


def test_second_of_the_same_name_is_refused_and_the_first_one_serves_on(new_database):
    host = Host(new_database())
    Scim(host.app, engine=lambda: host.db.engine)
    first = host.app.extensions["scim"]

    with pytest.raises(ValueError, match="scim"):
        Scim(host.app, "/other", engine=lambda: host.db.engine)
    assert host.app.extensions["scim"] is first


def test_application_stays_as_it_is(new_database):
    plain, host = Host(new_database()), Host(new_database())
    handlers = [*logging.getLogger().handlers], [*logging.getLogger("scim").handlers]
    other = Blueprint("other", "other")
    other.add_url_rule("/below", view_func=lambda: "below")
    Scim(host.app, engine=lambda: host.db.engine)
    host.app.register_blueprint(other, url_prefix="/scim")

    app, untouched = host.app, plain.app
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    before = {rule.rule for rule in untouched.url_map.iter_rules()}
    assert all(rule.startswith("/scim/v2") for rule in rules - before - {"/scim/below"})
    assert app.request_class is untouched.request_class
    assert app.response_class is untouched.response_class
    assert "wsgi_app" not in vars(app)
    for name in ("strict_slashes", "merge_slashes", "redirect_defaults", "host_matching"):
        assert getattr(app.url_map, name) == getattr(untouched.url_map, name)
    assert app.url_map.converters.keys() == untouched.url_map.converters.keys()
    assert {**app.config, "SQLALCHEMY_DATABASE_URI": ""} == {
        **untouched.config,
        "SQLALCHEMY_DATABASE_URI": "",
    }
    for registry in ("before_request_funcs", "after_request_funcs", "teardown_request_funcs"):
        assert {*getattr(app, registry)} == {*getattr(untouched, registry)}
    assert set(app.error_handler_spec[None]) == set(untouched.error_handler_spec[None])
    assert len(app.teardown_appcontext_funcs) == len(untouched.teardown_appcontext_funcs)
    assert ([*logging.getLogger().handlers], [*logging.getLogger("scim").handlers]) == handlers
    assert app.test_client().get("/scim/below").text == "below"
    with app.app_context():
        assert host.db.metadata.tables.keys() == plain.db.metadata.tables.keys()
        assert not sa.event.contains(host.db.engine, "connect", None)


def test_requests_below_the_prefix_are_answered_as_by_the_server_itself(host, send):
    ada = create(send, user("ada"))
    place = f"http://localhost{BASE}/Users/{ada['id']}"
    assert ada["meta"]["location"] == place
    answer = send("GET", f"{BASE}/Users/{ada['id']}", X_Request_Id="mine")
    assert answer.json == ada
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["X-Request-Id"] == "mine"
    assert (answer.mimetype, answer.headers["X-Host"]) == ("application/scim+json", "was here")

    for path in ("", "/", "/Users", "/Users/", "//Users", '/?filter=userName eq "ada"'):
        assert send("GET", BASE + path).json["totalResults"] == 1, path
    assert send("GET", f"{BASE}/ServiceProviderConfig").json["filter"]["maxResults"] == 50
    assert send("HEAD", f"{BASE}/Users").data == b""
    check_error(send("OPTIONS", f"{BASE}/Users"), 405)
    check_error(send("GET", f"{BASE}/nowhere"), 404)
    check_error(send("POST", f"{BASE}/Users", ["no user"]), 400, "invalidSyntax")
    check_error(host.app.test_client().get(f"{BASE}/Users"), 401)
    check_error(send("GET", f"{BASE}/Users", token="123456789"), 401)
    assert send("GET", f"{BASE}/.well-known/jwks.json").json == {"keys": []}
    assert send("GET", f"{BASE}/.well-known/oauth-authorization-server").json["issuer"] == (
        f"http://localhost{BASE}"
    )

    assert send("POST", f"{BASE}/Users", user("dry"), Prefer="dry-run").status_code == 201
    curious = send("POST", f"{BASE}/Users", user("eve"), X_Curious="yes")
    assert curious.status_code == 201
    deleted = send("DELETE", f"{BASE}/Users/{curious.json['id']}")
    assert (deleted.status_code, deleted.data) == (204, b"")
    assert "Content-Type" not in deleted.headers

    many = [create(send, user(f"user{n}")) for n in range(3)]
    wits = create(send, group("Wits", *many))
    assert len(send("GET", f"{BASE}/Groups/{wits['id']}").json["members"]) == 3

    client = host.app.test_client()
    assert client.get("/").text == "the host's page"
    assert client.get("/scim/v2/Users").text == "not here"
    with client:  # which keeps the context of the host's request
        client.get(f"{BASE}/Users")
        assert request.endpoint == "scim.serve"
        assert current_app.name == "host"
    with host.app.test_request_context(f"{BASE}/Users"):
        assert (request.endpoint, request.blueprint) == ("scim.serve", "scim")


def test_token_opens_only_the_tenant_of_the_request(send, scim):
    other = scim.issue_token("okta", "globex")
    create(send, user("ada"))

    assert check_error(send("GET", f"{BASE}/Users", token=other), 401)
    assert send("GET", "/of/globex/scim/v2/Users", token=other).json["totalResults"] == 0
    check_error(send("GET", "/of/globex/scim/v2/Users"), 401)
    with pytest.raises(ValueError, match="has a token 'okta' already"):
        scim.issue_token("okta", "globex")


def test_tenant_of_nobody_opens_nothing(new_database):
    host = Host(new_database())
    scim = Scim(host.app, engine=lambda: host.db.engine, tenant=lambda: g.pop("customer", None))
    with host.app.app_context():
        scim.upgrade()
        token = scim.issue_token("okta")
        client = host.app.test_client()

        answer = client.get("/scim/v2/Users", headers={"Authorization": f"Bearer {token}"})
        check_error(answer, 401)
        scim.service.database.close()


@pytest.fixture
def kept(host):
    """The host keeps its own people in step."""

    def add(tenant, event):
        assert current_app.name == "host"
        assert request.path.startswith(BASE)
        with Session(event.connection) as session:
            session.add(host.person(name=event.after["userName"]))
            session.commit()

    with signals.before.user_created.connected_to(add):
        yield


def test_hooks_write_the_rows_of_the_host_in_the_same_transaction(host, send, kept, caplog):
    create(send, user("ada"))
    assert host.names() == ["ada"]

    def refuse(tenant, event):
        raise ForbiddenError("no seats left")

    with signals.before.user_created.connected_to(refuse):
        assert check_error(send("POST", f"{BASE}/Users", user("bob")), 403) == "no seats left"
    assert host.names() == ["ada"]
    assert send("GET", f"{BASE}/Users").json["totalResults"] == 1

    with host.app.app_context():
        host.db.session.add(host.person(name="eve"))
        host.db.session.commit()
    assert check_error(send("POST", f"{BASE}/Users", user("eve")), 500) == FAILED
    assert "IntegrityError" in caplog.text
    assert send("GET", f"{BASE}/Users").json["totalResults"] == 1


def test_hooks_after_the_commit_use_the_session_of_the_host(host, send):
    def add(tenant, event):
        host.db.session.add(host.person(name=f"{tenant} {event.after['userName']}"))
        host.db.session.commit()

    with signals.after.user_created.connected_to(add):
        create(send, user("ada"))

    assert host.names() == ["acme ada"]


def test_hooks_are_called_for_requests_that_are_carried_out_later(new_database):
    host = Host(new_database())
    scim = Scim(host.app, engine=lambda: host.db.engine, max_async_requests=10)
    with host.app.app_context():
        host.db.create_all()
        scim.upgrade()
        token, service = scim.issue_token("okta"), scim.service
    client = host.app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"

    def add(tenant, event):
        row = sa.insert(host.person.__table__).values(name=event.after["userName"])
        event.connection.execute(row)

    with signals.before.user_created.connected_to(add):
        asynchronous = {"Prefer": "respond-async"}
        sent = client.post("/scim/v2/Users", json=user("ada"), headers=asynchronous)
        assert sent.status_code == 202
        carry_all(service)

    assert host.names() == ["ada"]
    assert client.get("/scim/v2/Users").json["totalResults"] == 1
    service.database.close()


def test_tables_are_apart_from_those_of_the_host(host, scim, send, kept):
    with host.app.app_context():
        scim.upgrade()  # again, which changes nothing
        inspector = sa.inspect(host.db.engine)
        if host.db.engine.dialect.name == "postgresql":
            assert inspector.get_table_names() == ["users"]
            assert "scim_alembic_version" in inspector.get_table_names("scim")
            return
        tables = inspector.get_table_names()
    assert [name for name in tables if not scim.owns_table(name)] == ["people_here"]
    assert "scim_alembic_version" in tables
    assert "alembic_version" not in tables


def test_commands_of_the_host(host, scim, send):
    ada = create(send, user("ada"))
    send("DELETE", f"{BASE}/Users/{ada['id']}")
    seen = []

    def note(tenant, event):
        seen.append((current_app.name, tenant, event.token, str(event.operation)))

    def run(*arguments):
        done = host.app.test_cli_runner().invoke(args=["scim", *arguments])
        assert done.exit_code == 0, done.output
        return done.output

    assert "acme" in run("tenant", "list")
    assert run("upgrade").startswith("The tables of the SCIM server are in ")
    with signals.before.user_created.connected_to(note):
        run("trash", "restore", ada["id"], "--tenant", "acme")
    assert seen == [("host", "acme", "manage.py", "restore")]
    assert "db" not in run("--help").split()
    place = "localhost:5000/of/<customer>/scim/v2"
    said = run("stream", "add", "siem", "--poll")
    assert f"{place}/.well-known/jwks.json\n" in said
    assert f"{place}/Events/poll\n" in said
    assert f"{place}/oauth/token\n" in run("client", "add", "entra")


def test_public_url_is_that_of_the_application(new_database):
    host = Host(new_database())
    Scim(host.app, engine=lambda: host.db.engine, public_url="https://app.example.com")

    told = host.app.test_client().get("/scim/v2/.well-known/oauth-authorization-server").json

    assert told["token_endpoint"] == "https://app.example.com/scim/v2/oauth/token"


def test_work_ends_on_a_signal(host, scim):
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}

    def end():
        wait_until(lambda: signal.getsignal(signal.SIGTERM) is not handlers[signal.SIGTERM])
        os.kill(os.getpid(), signal.SIGTERM)

    ending = Thread(target=end)
    ending.start()
    try:
        done = host.app.test_cli_runner().invoke(args=["scim", "work"])
    finally:
        ending.join()
        for each, handler in handlers.items():
            signal.signal(each, handler)

    assert (done.exit_code, done.exception) == (0, None)
    assert done.output.startswith("Working for the SCIM server in ")


def test_database_that_cannot_be_shared_is_said_in_a_line(new_database):
    host = Host(new_database())
    with host.app.app_context():
        is_sqlite = host.db.engine.dialect.name == "sqlite"
        with host.db.engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE groups (id integer)")
        scim = Scim(host.app, engine=host.db.engine)
        if not is_sqlite:
            scim.upgrade()
            scim.service.database.close()
            return
        with pytest.raises(RuntimeError, match="names of ours: groups; on PostgreSQL, name"):
            scim.upgrade()
        done = host.app.test_cli_runner().invoke(args=["scim", "upgrade"])
        assert (done.exit_code, "names of ours: groups" in done.output) == (1, True)


def test_server_that_is_not_migrated_says_how(new_database):
    host = Host(new_database())
    Scim(host.app, engine=lambda: host.db.engine, name="directory")

    done = host.app.test_cli_runner().invoke(args=["directory", "tenant", "list"])

    assert done.exit_code == 1
    assert "flask directory upgrade" in done.output


def test_wrong_arguments_are_refused(host):
    with pytest.raises(TypeError, match="'tokn' is no setting"):
        Scim(tokn="secret")
    with pytest.raises(TypeError, match="'base_path' is no setting"):
        Scim(base_path="/scim")
    for prefix in ("", "/", "scim", "/scim/", "/scim/<customer>", "/<path:all>/scim"):
        with pytest.raises(ValueError, match="must look like /scim/v2"):
            Scim(url_prefix=prefix)
    with pytest.raises(ValueError, match="must be small letters"):
        Scim(schema='a"b')
    with pytest.raises(SettingError, match="needs a database"):
        Scim(Flask("another"))
    with pytest.raises(SettingError, match="must be sqlite:/// with a file"):
        Scim(Flask("another"), engine=sa.create_engine("sqlite://"))
    with pytest.raises(SettingError, match="SCIM_MAX_PAGE_SIZE must be 1 or more"):
        Scim(Flask("another"), database_url="sqlite:///scim.db", max_page_size=0)


def test_settings_may_be_in_the_configuration_of_the_host(host):
    host.app.config["SCIM_MAX_PAGE_SIZE"] = 200
    host.app.config["SCIM_TOKEN"] = "a-token-of-the-host"
    scim = Scim(host.app, engine=lambda: host.db.engine)

    with host.app.app_context():
        settings = scim.service.settings
        assert (settings.max_page_size, settings.token) == (200, "a-token-of-the-host")
        assert not settings.has_console
