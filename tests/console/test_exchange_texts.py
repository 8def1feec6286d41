"""What clients sent is text on the pages of exchanges, whatever it is and however long."""

import json
import re
from dataclasses import replace
from time import monotonic

import pytest

from scim.explain.exchange import Check, Made, Message, Statement

from ..support.databases import ON_ONE_DATABASE
from .test_exchanges import JANE, PATCH, made_up, page_of, words
from .test_live import HOSTILE

pytestmark = ON_ONE_DATABASE


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_name_is_text_in_every_place(console, record, name):
    sent = JANE | {"displayName": name, "userName": name, name: name}
    patch = {"schemas": [name], "Operations": [{"op": name, "path": name, "value": {name: name}}]}
    everywhere = {
        "provider": name,
        "token": name,
        "client": name,
        "detail": name,
        "tolerated": (name,),
        "statements": (Statement(name, 1, 1),),
        "checks": (Check(name, name, name, is_passed=False),),
        "made": (Made(name, name, 2, "patch"),),
        "answer": Message(((name, name),), json.dumps(sent), 10),
    }
    bulk = {"Operations": [{"method": name, "path": name, "bulkId": name, "data": sent}]}
    first = record(
        made_up("POST", f"/Users?filter={name}", sent, 400, **everywhere),
        made_up("PATCH", f"/Users/{name}", patch, **everywhere),
        made_up("GET", f"/Users?filter={name}", None, 400, **everywhere),
        made_up("POST", "/Bulk", bulk, **everywhere | {"answer": Message(body=json.dumps(bulk))}),
        made_up(name[:20], name, name, **everywhere),
        made_up("POST", "/Users", sent, 401, **everywhere),
    )
    for number in range(first - 5, first + 1):
        own, compared = f"/exchange/{number}", f"/compare?left={number}"
        for path in (own, f"{own}/again", compared, f"{compared}&right={first}"):
            answer = console.web.get(path)
            assert answer.status_code == 200, path
            shown = re.sub(r'(data-copy|value)="[^"]*"|<textarea.*?</textarea>', "", answer.text,
                           flags=re.DOTALL)  # fmt: skip
            assert "<script>alert" not in answer.text, path
            assert "\u202e" not in shown, path
            assert "\x1b" not in shown, path
            assert "' onmouseover" not in answer.text.replace("&#39; onmouseover", ""), path
            assert len(answer.text) < 1_000_000, path


@pytest.mark.parametrize("body", ["{", "[]", '"a"', "[" * 60_000, '{"a":' * 900 + "1" + "}" * 900])
@pytest.mark.parametrize(("method", "path"), [("PATCH", "/Users/1"), ("POST", "/Bulk")])
def test_body_that_is_no_message_is_shown(console, record, method, path, body):
    wrapped = f'{{"Operations": [{{"op": "add", "value": {body}}}]}}'
    first = record(made_up(method, path, body), made_up(method, path, wrapped)) - 1

    for number in (first, first + 1):
        page_of(console, number)
        assert console.web.get(f"/compare?left={number}&right={first}").status_code == 200
        assert console.web.get(f"/exchange/{number}/again").status_code == 200
        assert console.web.get(f"/exchange/{number}.har").status_code == 200


def test_cut_body_says_so(console, record):
    cut = Message((), '{"userName": "jane", "title": "Eng', 99_000, is_cut=True)

    told = words(page_of(console, record(replace(made_up("POST", "/Users"), request=cut))))

    assert "The body has 99.0 KB. Only its beginning was recorded." in told
    assert '"userName" : "jane"' in told
    assert "Eng" not in told


def test_large_exchanges_open_quickly(console, record):
    data = JANE | {"emails": [{"value": f"{n}@example.com"} for n in range(3)]}
    many = [
        {"method": "POST", "path": "/Users", "bulkId": f"u{n}", "data": data} for n in range(1000)
    ]
    created = [{"method": "POST", "bulkId": f"u{n}", "status": "201"} for n in range(1000)]
    operations = [{"op": "add", "value": {f"a{n}": "b"}} for n in range(1500)]
    long = JANE | {"x": [{"a": n, "b": "c" * 30} for n in range(1300)]}
    bulk = made_up("POST", "/Bulk", {"Operations": many}, answered={"Operations": created})
    others = (
        made_up("POST", "/Users", long),
        made_up("PATCH", "/Users/1", {"schemas": [PATCH], "Operations": operations}),
    )
    last = record(*(replace(each, request=cut(each.request)) for each in (bulk, *others)))

    for number in range(last - 2, last + 1):
        assert min(seconds(console, number) for _ in range(3)) < 1


def cut(message):
    """Return a message as it is recorded, with 64 KB of its body."""
    body = message.body[: 64 * 1024]
    return replace(message, body=body, is_cut=len(body) < message.size)


def seconds(console, number):
    began = monotonic()
    page_of(console, number)
    return monotonic() - began
