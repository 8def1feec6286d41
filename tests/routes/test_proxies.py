"""The base URL in answers is the one that the client used, whatever stands in between."""

import socket
from urllib.parse import quote, urlsplit

import pytest

from ..support import bulk
from ..support.databases import EVERYDAY_ON_ONE_DATABASE, ON_ONE_DATABASE
from ..support.errors import check_error
from ..support.scim import group, path_of, replace, user
from ..support.tenants import new_tenant, new_token

OWN = "a-token-of-ones-own"  # the demo token opens nothing from elsewhere


@pytest.fixture
def scim(scim, engine):
    """A client with a token of its own."""
    scim.client.environ_base["HTTP_AUTHORIZATION"] = (
        f"Bearer {new_token(engine, new_tenant(engine))}"
    )
    return scim


FORWARDED = [
    ({}, "http://localhost/scim/v2"),
    ({"Host": "scim.example:5000"}, "http://scim.example:5000/scim/v2"),
    ({"Host": "[::1]:5000"}, "http://[::1]:5000/scim/v2"),
    ({"Host": "[::1]"}, "http://[::1]/scim/v2"),
    ({"Host": "[::ffff:192.0.2.1]:5000"}, "http://[::ffff:192.0.2.1]:5000/scim/v2"),
    ({"Host": "[fe80::1%25eth0]:5000"}, "http://[fe80::1%25eth0]:5000/scim/v2"),
    ({"Host": "192.0.2.1:8080"}, "http://192.0.2.1:8080/scim/v2"),
    ({"Host": "scim_app:8080"}, "http://scim_app:8080/scim/v2"),
    ({"Host": "_scim_"}, "http://_scim_/scim/v2"),
    ({"Host": "Scim.Example."}, "http://Scim.Example./scim/v2"),
    ({"Host": "scim~1:5000"}, "http://scim~1:5000/scim/v2"),
    ({"Host": "x" * 63 + ":8080"}, f"http://{'x' * 63}:8080/scim/v2"),
    ({"Host": "x.example", "X-Forwarded-Host": "a..b"}, "http://x.example/scim/v2"),
    ({"Host": "a%20b"}, "http://a%20b/scim/v2"),
    ({"Host": "scim.example:"}, "http://scim.example/scim/v2"),
    ({"Host": "scim.example:80"}, "http://scim.example/scim/v2"),
    ({"Host": "scim_app:443", "X-Forwarded-Proto": "https"}, "https://scim_app/scim/v2"),
    ({"X-Forwarded-Host": "scim_app:8080"}, "http://scim_app:8080/scim/v2"),
    ({"X-Forwarded-Host": "proxy.example, scim_app"}, "http://scim_app/scim/v2"),
    ({"X-Forwarded-Host": "no host"}, "http://localhost/scim/v2"),
    ({"X-Forwarded-Host": "", "Host": "scim_app"}, "http://scim_app/scim/v2"),
    ({"X-Forwarded-Proto": "https"}, "https://localhost/scim/v2"),
    (
        {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "a1b2.ngrok.example"},
        "https://a1b2.ngrok.example/scim/v2",
    ),
    (
        {"X-Forwarded-Host": "proxy.example:8443", "X-Forwarded-Prefix": "/tenant"},
        "http://proxy.example:8443/tenant/scim/v2",
    ),
    ({"X-Forwarded-Host": "spoofed.example, proxy.example"}, "http://proxy.example/scim/v2"),
    ({"X-Forwarded-Proto": "HTTPS"}, "https://localhost/scim/v2"),
    ({"X-Forwarded-Proto": "http, https"}, "https://localhost/scim/v2"),
    ({"X-Forwarded-Proto": "javascript"}, "http://localhost/scim/v2"),
    ({"X-Forwarded-Proto": "https,ftp"}, "http://localhost/scim/v2"),
    ({"X-Forwarded-Proto": "wss", "X-Forwarded-Host": "a.example"}, "http://a.example/scim/v2"),
]


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize(("headers", "base"), FORWARDED)
def test_locations_and_references_follow_the_proxy(scim, headers, base):
    created = scim.post("/Users", user("bjensen"), **headers)
    guides = scim.post("/Groups", group("Guides", created.json), **headers).json
    location = f"{base}/Users/{created.json['id']}"

    assert created.headers["Location"] == created.json["meta"]["location"] == location
    assert guides["members"][0]["$ref"] == location
    read = scim.get(path_of(created.json), **headers)
    assert read.headers["Content-Location"] == location
    assert read.json["groups"][0]["$ref"] == f"{base}/Groups/{guides['id']}"
    text = quote(f'meta.location eq "{location}"')
    assert scim.get(f"/Users?filter={text}", **headers).json["totalResults"] == 1
    for path in ("/Schemas", "/ResourceTypes"):
        shown = scim.get(path, **headers).json["Resources"][0]
        assert shown["meta"]["location"].startswith(f"{base}{path}/")
    renamed = bulk.bulk_request(bulk.patch(path_of(created.json), replace("title", "x")))
    assert scim.post("/Bulk", renamed, **headers).json["Operations"][0]["location"] == location


@EVERYDAY_ON_ONE_DATABASE
def test_each_client_sees_the_url_it_came_by(scim):
    created = scim.create(user("bjensen"))

    for headers, base in FORWARDED:
        seen = scim.get(path_of(created), **headers).json
        assert seen["meta"]["location"] == f"{base}{path_of(created)}"


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("trusted", "address", "is_believed"),
    [
        ("127.0.0.0/8,::1", "127.0.0.1", True),
        ("127.0.0.0/8,::1", "127.8.0.1", True),
        ("127.0.0.0/8,::1", "::1", True),
        ("127.0.0.0/8,::1", "::ffff:127.0.0.1", True),
        ("127.0.0.0/8,::1", "", True),  # it came by a socket file of this machine
        ("127.0.0.0/8,::1", "192.0.2.1", False),
        ("127.0.0.0/8,::1", "2001:db8::1", False),
        ("127.0.0.0/8,::1", "::ffff:192.0.2.1", False),
        ("127.0.0.0/8,::1", "not an address", False),
        ("192.0.2.0/24", "127.0.0.1", False),
        ("10.0.0.1, 192.0.2.0/24", "192.0.2.77", True),
        ("2001:db8::/32", "2001:db8::1", True),
    ],
)
def test_only_a_trusted_proxy_is_believed(new_client, trusted, address, is_believed):
    scim = new_client(TRUSTED_PROXIES=trusted, TOKEN=OWN)
    scim.client.environ_base["REMOTE_ADDR"] = address

    read = scim.get(
        "/Schemas", X_Forwarded_Proto="https", X_Forwarded_Host="a.ex", X_Forwarded_Prefix="/t"
    )

    base = "https://a.ex/t/scim/v2" if is_believed else "http://localhost/scim/v2"
    assert read.json["Resources"][0]["meta"]["location"].startswith(f"{base}/Schemas/")


@ON_ONE_DATABASE
def test_real_server_drops_headers_with_underscores(serve):
    server = serve(SCIM_TOKEN=OWN)

    for headers in (
        {"X-Forwarded-Host": "proxy.example", "X_Forwarded_Host": "a.example"},
        {"X_Forwarded_Host": "a.example", "X-Forwarded-Host": "proxy.example"},
        {"X_Forwarded_Host": "a.example"},
        {"X_Forwarded_Host": b"\xe9", "X_Forwarded_Proto": "https"},
    ):
        read = server.session.get("/ServiceProviderConfig", headers=headers)
        base = "http://proxy.example/scim/v2" if "X-Forwarded-Host" in headers else server.url
        assert read.json()["meta"]["location"].startswith(f"{base}/")


@ON_ONE_DATABASE
def test_real_server_ignores_a_proxy_that_it_does_not_trust(serve):
    server = serve(SCIM_TRUSTED_PROXIES="192.0.2.1", SCIM_TOKEN=OWN)

    read = server.session.get("/ServiceProviderConfig", headers={"X-Forwarded-Host": "a.example"})

    assert read.json()["meta"]["location"].startswith(server.url)


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize(
    "header", ["Host", "X-Forwarded-Host", "X-Forwarded-Prefix", "X-Forwarded-Proto"]
)
@pytest.mark.parametrize(
    "value", ['a"b', "a\\b", "a</script>", "a b", "{}", "\x1f", "é", "a,b", "x" * 5000, "%22", "::"]
)
def test_hostile_header_breaks_no_answer(scim, header, value):
    created = scim.create(user("bjensen"))

    for path in (path_of(created), "/Users", "/Schemas", "/nothing"):
        response = scim.get(path, **{header.replace("-", "_"): value})
        assert response.status_code in (200, 400, 404)
        assert response.json["schemas"]
        assert response.mimetype == "application/scim+json"


@ON_ONE_DATABASE
def test_real_server_refuses_a_hostile_host(server):
    for host in ('a"b', "a\\b", "a b", "é".encode(), ""):
        response = server.session.get("/Schemas", headers={"Host": host})
        assert response.status_code in (200, 400)
        if response.status_code == 200:
            assert response.json()["totalResults"] > 0


BAD_HOSTS = ["", ":8080", "[bad", "[::1", "::1", "[zz::]", "[::1]x", '[fe80::1%"]', "a b", "a/b"]
BAD_HOSTS += ["u@host", "a,b", "a:b", "a:0", "a:65536", "a:" + "9" * 5000, "%zz", "a?b", "é"]
BAD_HOSTS += ["x" * 256, "x" * 64, "a..b", "a..b:8080", ".a", "a..", ".", "..", "x" * 64 + ".a_b"]
BAD_HOSTS += ["a." * 128 + "a"]


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize("host", BAD_HOSTS)
def test_host_that_http_forbids_is_refused_with_a_token(scim, host):
    for path in ("/Users", "/Schemas", "/ServiceProviderConfig", "/Me", "/nothing"):
        refused = check_error(scim.get(path, Host=host), 400, "invalidSyntax")
        assert refused.startswith("the Host header is missing or no host name; ")
        check_error(scim.get(path, Host=host, Authorization="Bearer wrong"), 401)
    created = scim.post("/Users", user("bjensen"), Host=host)
    assert "Host" in check_error(created, 400, "invalidSyntax")
    assert scim.get("/Users").json["totalResults"] == 0


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        ("GET {} HTTP/1.1\r\nHost: scim_app:8080", '"http://scim_app:8080/scim/v2/Schemas/'),
        ("GET http://a.org:81{} HTTP/1.1\r\nHost: localhost", '"http://a.org:81/scim/v2/Schemas/'),
        ("GET {} HTTP/1.1\r\nHost: a\r\nHost: b", "400"),
        ("GET {} HTTP/1.1", "400"),
        ("GET {} HTTP/1.0", "400"),
    ],
)
def test_real_server_makes_whole_links_or_none(server, engine, lines, answer):
    address, token = urlsplit(server.url), new_token(engine, new_tenant(engine))
    request = lines.replace("{}", f"{address.path}/Schemas")
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        headers = f"Authorization: Bearer {token}\r\nConnection: close"
        connection.sendall(f"{request}\r\n{headers}\r\n\r\n".encode())
        received = b"".join(iter(lambda: connection.recv(65536), b"")).decode()

    assert answer in received
    assert '"http:/s' not in received
