"""Every page answers, whatever its URL has, and shows nobody what he may not see."""

import re
from urllib.parse import quote

from flask import Flask

from scim.console.app import BLUEPRINTS

from ..support.databases import EVERYDAY_ON_ONE_DATABASE, ON_ONE_DATABASE
from ..support.scim import user
from ..support.server import plain_client, run

ODD = (
    "",
    "-1",
    "٣",
    "9" * 400,
    "\0",
    "\ud800",
    "x" * 2000,
    '<u>"',
    "[" * 200,
    "tenant:",
    '{"a":1',
)
NAMES = (
    "q tenant of most zone before after left right since cleaned filter type sort body part page"
)
SAMPLE = {
    "type_name": "User",
    "resource_id": "0" * 8 + "-0000-7000-8000-" + "0" * 12,
    "slug": "okta",
}


def _rules():
    app = Flask(__name__)
    for bp in BLUEPRINTS:
        app.register_blueprint(bp)
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


RULES = _rules()
READ = sorted(rule.rule for rule in RULES if "GET" in rule.methods and rule.rule != "/stream")
WRITTEN = sorted(rule.rule for rule in RULES if "POST" in rule.methods)


def filled(rule, value=None):
    """Return a URL of a rule, with a value in each place or the sample."""

    def put(found):
        return quote(value, errors="surrogatepass") if value else SAMPLE.get(found[1], "1")

    return re.sub(r"<(?:\w+:)?(\w+)>", put, rule)


def urls(rule):
    """Yield URLs of a rule with odd values in each place, and in parameters that pages know."""
    odd = [quote(each, errors="surrogatepass") for each in ODD]
    yield f"{filled(rule)}?tenant={odd[-1]}"
    for each in odd:
        yield f"{filled(rule)}?{'&'.join(f'{name}={each}' for name in NAMES.split())}"
    if "<" in rule:
        yield from (filled(rule, each) for each in ODD if each)


@EVERYDAY_ON_ONE_DATABASE
def test_any_url_has_an_answer(console):
    for url in (each for rule in READ for each in urls(rule)):
        answer = console.web.get(url)

        assert answer.status_code < 500, url
        assert "<u>" not in answer.text, url


@ON_ONE_DATABASE
def test_nobody_gets_in_without_a_session(console):
    with plain_client(base_url=console.url) as stranger:
        for rule in {*READ, *WRITTEN, "/stream", "/no/such/page"}:
            for method in ("GET", "HEAD", "POST", "OPTIONS", "TRACE"):
                answer = stranger.request(method, filled(rule))

                assert answer.status_code == 401, (method, rule)
                assert "csrf" not in answer.text


@ON_ONE_DATABASE
def test_nobody_writes_with_a_link_for_looking(console, visitor):
    [csrf] = re.findall(r'name="csrf" content="([^"]+)"', visitor.get("/").text)
    for rule in WRITTEN:
        allowed = 200 if rule == "/lab/payload" else 403  # it keeps nothing
        assert visitor.post(filled(rule), data={"csrf": csrf}).status_code == allowed, rule
        assert console.web.post(filled(rule)).status_code == 400, rule


@ON_ONE_DATABASE
def test_pages_say_that_the_database_is_away(serve_console, tmp_path):
    url = f"sqlite:///{tmp_path}/scim.db"
    run("manage.py", "db", "upgrade", DATABASE_URL=url)
    with serve_console(SCIM_DATABASE_URL=url) as console:
        made = console.server.session.post("/Users", json=user("jane")).json()
        number = re.findall(r'href="/exchange/(\d+)"', console.recorded())[0]
        (tmp_path / "scim.db").rename(tmp_path / "elsewhere")
        for path in ("/", "/problems", "/conversation", f"/exchange/{number}", "/connect/job"):
            assert console.web.get(path).status_code == 200, path
        for path in ("/directory", f"/directory/User/{made['id']}", "/operate", "/learn"):
            answer = console.web.get(path)
            assert answer.status_code == 503, path
            assert "the file of the database is not there" in answer.text
        assert console.post("/operate/token", name="x").status_code == 503
