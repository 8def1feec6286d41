"""RFC 7644 §3.12: every answer is SCIM, the framework's own errors and the unforeseen included."""

import gzip
import json
import logging

import pytest

from scim import provider
from scim.protocol.schema import USER_SCHEMA

from ..support.databases import ON_ONE_DATABASE
from ..support.errors import check_error
from ..support.scim import group, path_of, replace, user
from ..support.threads import READERS

SENT = json.dumps(user("bjensen")).encode()


def send(scim, content, media_type="application/scim+json", method="POST", path="/Users"):
    return scim.client.open(f"/scim/v2{path}", method=method, data=content, content_type=media_type)


@pytest.mark.parametrize(
    "path",
    ["/Nothing", "/users", "/Users/1/2", "/Users/1/emails", "/Users/a%2fb", "/\0", "/é", "/.."],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_unknown_path_is_not_found(scim, method, path):
    check_error(send(scim, b"{}", method=method, path=path), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/Users", "GET, HEAD, POST"),
        ("DELETE", "/Users", "GET, HEAD, POST"),
        ("POST", "/Users/1", "DELETE, GET, HEAD, PATCH, PUT"),
        ("PATCH", "/Groups", "GET, HEAD, POST"),
        ("OPTIONS", "/Users", "GET, HEAD, POST"),
        ("OPTIONS", "/Schemas", "GET, HEAD"),
        ("TRACE", "/Groups/1", "DELETE, GET, HEAD, PATCH, PUT"),
    ],
)
def test_method_that_an_endpoint_has_not_is_named_with_those_it_has(scim, method, path, allowed):
    response = scim.send(method, path)

    check_error(response, 405)
    assert sorted(response.headers["Allow"].split(", ")) == allowed.split(", ")


@pytest.mark.parametrize(
    "path",
    [
        "//Users",
        "//Users/{id}",
        "//Schemas",
        "//ResourceTypes/User",
        "//ServiceProviderConfig",
        "//",
    ],
)
def test_slash_too_many_behind_the_base_url_is_passed_over(scim, path):
    path = path.format(id=scim.create(user("bjensen"))["id"])

    doubled, single = scim.get(path), scim.get(path[1:])

    assert doubled.json == single.json
    assert doubled.headers["SCIM-Tolerances"] == "doubled_slash"
    assert {"Location", "SCIM-Tolerances"}.isdisjoint(single.headers)


@pytest.mark.parametrize(
    "path", ["///Users", "/Users//", "/Users//{id}", "//Users//{id}", "//Nothing", "//.", "////"]
)
def test_no_other_slash_is(scim, path):
    path = path.format(id=scim.create(user("bjensen"))["id"])

    check_error(scim.get(path), 404)
    check_error(scim.get(path, Authorization="Bearer wrong"), 401)


def test_slash_too_many_before_the_base_url_is_not_found(scim):
    for path in ("/scim//v2/Users", "/scim/v2x//Users"):
        check_error(scim.client.get(path), 404)


def test_head_answers_as_get_without_a_body(scim):
    created = scim.create(user("bjensen"))
    for path in (path_of(created), "/Users", "/Schemas", "/Users/unknown", "/nothing"):
        got, head = (scim.send(method, path, X_Request_Id="1") for method in ("GET", "HEAD"))

        assert head.data == b""
        assert head.status_code == got.status_code
        assert dict(head.headers) == dict(got.headers)


@pytest.mark.parametrize(
    "media_type",
    [
        "application/scim+json",
        "application/scim+json; charset=utf-8",
        "application/json",
        "Application/JSON;charset=UTF-8",
        None,
        "",
    ],
)
def test_json_is_taken_under_its_names(scim, media_type):
    assert send(scim, SENT, media_type).status_code == 201


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "json",
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/Users"), ("PATCH", "/Users/1")])
def test_other_media_types_are_unsupported(scim, media_type, method, path):
    check_error(send(scim, SENT, media_type, method, path), 415)


def test_byte_order_mark_is_passed_over(scim):
    assert send(scim, b"\xef\xbb\xbf" + SENT).status_code == 201


def attribute(text):
    return SENT.replace(b"}", b"," + text + b"}")


@pytest.mark.parametrize(
    ("content", "scim_type"),
    [
        (b"", "invalidSyntax"),
        (b" ", "invalidSyntax"),
        (b"{", "invalidSyntax"),
        (SENT + b"x", "invalidSyntax"),
        (SENT + SENT, "invalidSyntax"),
        (b"[]", "invalidSyntax"),
        (b"null", "invalidSyntax"),
        (b'"x"', "invalidSyntax"),
        (b"1", "invalidSyntax"),
        (b"{'userName': 'x'}", "invalidSyntax"),
        (SENT.decode().encode("utf-16"), "invalidSyntax"),
        (SENT.replace(b"bjensen", b"\xff"), "invalidSyntax"),
        (SENT.replace(b"bjensen", b"\xed\xa0\x80"), "invalidSyntax"),
        (SENT.replace(b"bjensen", rb"\ud800"), "invalidSyntax"),
        (attribute(rb'"title":"a\uDFFF"'), "invalidSyntax"),
        (attribute(b'"title":"a\nb"'), "invalidSyntax"),
        (attribute(b'"title":"a","title":"b"'), "invalidSyntax"),
        (attribute(b'"title":"a","TITLE":"b"'), "invalidSyntax"),
        (attribute(b'"name":{"givenName":"a","givenname":"b"}'), "invalidSyntax"),
        (attribute(b'"name":{"x":1,"x":1}'), "invalidSyntax"),
        (attribute(b'"x":NaN'), "invalidSyntax"),
        (attribute(b'"x":-Infinity'), "invalidSyntax"),
        (attribute(b'"x":' + b"9" * 5000), "invalidSyntax"),
        (attribute(b'"x":' + b"[" * 5000 + b"]" * 5000), "invalidSyntax"),
        (attribute(b'"x":' + b'{"a":' * 5000 + b"1" + b"}" * 5000), "invalidSyntax"),
        (SENT.replace(b"bjensen", rb"\u0000"), "invalidValue"),
        (attribute(rb'"title":"a\u0000b"'), "invalidValue"),
        (attribute(rb'"title":"\u001f"'), "invalidValue"),
        (attribute(b'"title":' + b"9" * 400), "invalidValue"),
        (attribute(b'"title":1e999'), "invalidValue"),
        (attribute(b'"active":' + b"9" * 400), "invalidValue"),
        (SENT.replace(b"bjensen", b""), "invalidValue"),
        (SENT.replace(b"bjensen", b"x" * 3000), "invalidValue"),
    ],
)
def test_body_that_cannot_be_taken_is_refused(scim, content, scim_type):
    check_error(send(scim, content), 400, scim_type)
    assert scim.get("/Users").json["totalResults"] == 0


@pytest.mark.parametrize("name", ["x", "emails", "title", "name", USER_SCHEMA])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"value":', "}")])
def test_deep_nesting_is_taken_or_refused(scim, name, opening, closing):
    for depth in range(100, 1000, 25):
        value = f"{opening * depth}1{closing * depth}".encode()
        content = attribute(b'"%s":[%s,%s]' % (name.encode(), value, value))
        assert send(scim, content).status_code in (201, 400, 409)
        operation = {"schemas": [], "Operations": [{"op": "add", "path": name, "value": 0}]}
        content = json.dumps(operation).encode().replace(b"0", value)
        assert send(scim, content, method="PATCH", path="/Users/1").status_code in (400, 404)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/Users/unknown", 404), ("/Groups/01890000-0000-7000-8000-000000000000", 404)],
)
def test_scim_type_is_for_bad_requests_and_clashes_only(scim, path, status):
    check_error(scim.get(path), status)
    scim.create(user("bjensen"))
    check_error(scim.post("/Users", user("BJENSEN")), 409, "uniqueness")


@pytest.mark.parametrize("content", [b"x" * 2_000_001, b"[" * 2_000_001])
def test_body_above_the_limit_is_refused_before_it_is_read(app, scim, monkeypatch, content):
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 2_000_000)

    check_error(send(scim, content), 413)
    check_error(send(scim, content, method="PATCH", path="/Users/1"), 413)


@ON_ONE_DATABASE
def test_body_above_the_limit_is_refused_by_the_real_server(serve):
    server = serve(SCIM_MAX_BODY_SIZE="1000")
    sent = user("bjensen", title="x" * 1000)
    whole = json.dumps(sent).encode()

    def chunks():
        for start in range(0, len(whole), 100):
            yield whole[start : start + 100]

    headers = {"Content-Type": "application/scim+json"}
    with_length = server.session.post("/Users", json=sent)
    chunked = server.session.post("/Users", content=chunks(), headers=headers)
    by_one_byte = server.session.post("/Users", content=b"x" * 1001, headers=headers)
    small = server.session.post("/Users", json=user("bjensen"))

    assert with_length.status_code == chunked.status_code == by_one_byte.status_code == 413
    assert with_length.json()["status"] == chunked.json()["status"] == "413"
    assert "scimType" not in chunked.json()
    assert small.status_code == 201


@ON_ONE_DATABASE
def test_chunked_body_is_read(server):
    def chunks():
        yield SENT[:10]
        yield SENT[10:]

    headers = {"Content-Type": "application/scim+json"}

    assert server.session.post("/Users", content=chunks(), headers=headers).status_code == 201


@ON_ONE_DATABASE
@pytest.mark.parametrize("content", [b"x" * 100_000, b"[" * 100_000])
def test_real_server_refuses_what_is_no_json(server, content):
    headers = {"Content-Type": "application/scim+json"}

    assert server.session.post("/Users", content=content, headers=headers).status_code == 400


def test_answer_without_a_body_has_no_media_type(scim):
    babs, tours = scim.create(user("bjensen")), scim.create(group("Tours"))
    answers = [
        scim.get(path_of(babs), If_None_Match="*"),
        scim.get(path_of(tours), If_None_Match="*"),
        scim.delete(path_of(babs)),
        scim.delete(path_of(tours)),
    ]

    assert [answer.status_code for answer in answers] == [304, 304, 204, 204]
    for answer in answers:
        assert answer.data == b""
        assert {"Content-Type", "Content-Length"}.isdisjoint(answer.headers)


@ON_ONE_DATABASE
def test_real_server_adds_none(server):
    created = server.session.post("/Users", json=user("bjensen")).json()

    kept = server.session.get(path_of(created), headers={"If-None-Match": "*"})
    deleted = server.session.delete(path_of(created))

    for answer, status in ((kept, 304), (deleted, 204)):
        assert (answer.status_code, answer.content) == (status, b"")
        assert {"content-type", "content-length"}.isdisjoint(answer.headers)


CODINGS = ["gzip", "GZIP", "x-gzip", "deflate", "br", "zstd", "gzip, identity", "nonsense"]


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/Users"),
        ("PUT", "/Users/1"),
        ("PATCH", "/Groups/1"),
        ("POST", "/Users/.search"),
        ("POST", "/.search"),
        ("POST", "/Bulk"),
    ],
)
def test_body_that_is_coded_is_refused_with_what_is_taken(scim, coding, method, path):
    response = scim.client.open(
        f"/scim/v2{path}",
        method=method,
        data=gzip.compress(SENT),
        content_type="application/scim+json",
        headers={"Content-Encoding": coding},
    )

    assert coding in check_error(response, 415)
    assert response.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("coding", ["", "identity", "Identity", " identity "])
def test_body_as_it_is_may_say_so(scim, coding):
    assert scim.post("/Users", user("bjensen"), Content_Encoding=coding).status_code == 201


def test_another_media_type_is_no_matter_of_coding(scim):
    assert "Accept-Encoding" not in send(scim, SENT, "text/plain").headers


@ON_ONE_DATABASE
def test_real_server_refuses_a_coded_body(server):
    headers = {"Content-Type": "application/scim+json", "Content-Encoding": "gzip"}

    refused = server.session.post("/Users", content=gzip.compress(SENT), headers=headers)

    assert (refused.status_code, refused.headers["Accept-Encoding"]) == (415, "identity")


def test_every_answer_forbids_caches_to_keep_it_and_browsers_to_guess_its_type(scim):
    created = scim.create(user("bjensen"))
    answers = [
        scim.get("/Users"),
        scim.get(path_of(created)),
        scim.get("/Schemas"),
        scim.patch(path_of(created), replace("title", "x")),
        scim.get(path_of(created), If_None_Match="*"),
        scim.get("/nothing"),
        scim.delete(path_of(created)),
    ]

    assert [a.status_code for a in answers] == [200, 200, 200, 200, 304, 404, 204]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
    assert {answer.headers["X-Content-Type-Options"] for answer in answers} == {"nosniff"}


def test_unexpected_exception_is_logged_and_not_told(scim, monkeypatch, caplog):
    def fail(*_):
        raise RuntimeError("the secret reason")

    monkeypatch.setattr(provider, "create", fail)

    with caplog.at_level(logging.ERROR):
        response = scim.post("/Users", user("bjensen", password="t1meMa$heen"))

    assert "secret" not in check_error(response, 500)
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info[0] is RuntimeError
    assert "t1meMa$heen" not in caplog.text
    assert "123456789" not in caplog.text


@pytest.mark.skipif(READERS > 0, reason="other threads log, too")
def test_line_break_in_a_path_does_not_forge_a_line_of_the_log(scim, caplog):
    with caplog.at_level("INFO", logger="scim"):
        scim.client.get("/scim/v2/nowhere%0aGET /scim/v2/Users 200")

    assert [record.getMessage().count("\n") for record in caplog.records] == [0]
