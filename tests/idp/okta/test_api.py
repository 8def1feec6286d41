"""The management API of the stand-in answers as Okta's does, errors included."""

import re

import pytest

from .org import API_TOKEN, person

TAKEN = "login: An object with this field already exists in the current organization"
BLANK = "The field cannot be left blank"


@pytest.fixture
def org(alone):
    return alone


def logins(users):
    return [user["profile"]["login"].split("@")[0] for user in users]


def test_user_looks_like_one_of_okta(org):
    ada = org.call("POST", "/users?activate=false", {"profile": person("ada")})

    assert re.fullmatch(r"00u\w{17}", ada["id"])
    assert (ada["status"], ada["activated"]) == ("STAGED", None)
    assert ada["profile"] == person("ada")
    assert ada["_links"]["self"]["href"] == f"http://localhost/api/v1/users/{ada['id']}"
    assert org.call("GET", f"/users/{ada['id']}") == org.call("GET", "/users/ADA@example.com")


def test_password_is_never_shown(org):
    sent = {"profile": person("ada"), "credentials": {"password": {"value": "Kv7J2LEa"}}}

    ada = org.call("POST", "/users", sent)

    assert "Kv7J2LEa" not in str(ada)
    assert ada["credentials"]["password"] == {}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["ada", "grace"]),  # who is deactivated is not listed
        ("?q=ad", ["ada"]),
        ("?q=doe", ["ada", "grace"]),
        ('?search=profile.login eq "GRACE@example.com"', ["grace"]),
        ('?search=profile.lastName eq "Doe" and profile.firstName sw "a"', ["ada"]),
        ('?search=status eq "DEPROVISIONED"', ["edsger"]),
        ('?filter=profile.email co "@example"', ["ada", "grace", "edsger"]),
        ('?search=profile.title eq "Countess"', []),
        ("?limit=1", ["ada"]),
    ],
)
def test_list_finds(org, query, found):
    for name in ("ada", "grace", "edsger"):
        org.person(name)
    org.call("POST", "/users/edsger@example.com/lifecycle/deactivate")

    assert logins(org.call("GET", f"/users{query}")) == found


def test_pages_are_linked(org):
    for name in ("ada", "grace", "edsger"):
        org.person(name)
    path, seen = "/api/v1/users?limit=2", []
    while path:
        answer = org.client.get(path)
        seen.append(logins(answer.json))
        links = " ".join(answer.headers.getlist("Link"))
        following = re.search(r'<http://localhost([^>]*)>; rel="next"', links)
        path = following and following[1]

    assert seen == [["ada", "grace"], ["edsger"]]


def test_partial_update_keeps_and_put_replaces(org):
    ada = org.person("ada", title="Countess")

    changed = org.call("POST", f"/users/{ada}", {"profile": {"nickName": "A"}})
    replaced = org.call("PUT", f"/users/{ada}", {"profile": person("ada")})

    assert changed["profile"] == person("ada") | {"title": "Countess", "nickName": "A"}
    assert replaced["profile"] == person("ada")


@pytest.mark.parametrize(
    ("status", "allowed"),
    [
        ("STAGED", {"activate": "PROVISIONED", "deactivate": "DEPROVISIONED"}),
        ("PROVISIONED", {"reactivate": "PROVISIONED", "deactivate": "DEPROVISIONED"}),
        ("ACTIVE", {"suspend": "SUSPENDED", "deactivate": "DEPROVISIONED"}),
        ("SUSPENDED", {"unsuspend": "ACTIVE", "deactivate": "DEPROVISIONED"}),
        ("DEPROVISIONED", {"activate": "PROVISIONED"}),
    ],
)
def test_lifecycle_allows(org, status, allowed):
    ada = org.person("ada")
    user = org.service.org.users[ada]
    for operation in ("activate", "deactivate", "suspend", "unsuspend", "reactivate"):
        user.status = status
        expected = 200 if operation in allowed else 400 if "suspend" in operation else 403
        org.call("POST", f"/users/{ada}/lifecycle/{operation}", status=expected)
        assert user.status == allowed.get(operation, status)


@pytest.mark.parametrize("header", [None, "SSWS wrong", f"Bearer {API_TOKEN}", API_TOKEN])
def test_api_token_is_needed(org, header):
    del org.client.environ_base["HTTP_AUTHORIZATION"]
    headers = {"Authorization": header} if header else {}

    answer = org.client.get("/api/v1/users", headers=headers)

    assert answer.status_code == 401
    assert answer.json["errorCode"] == "E0000011"
    assert answer.json["errorSummary"] == "Invalid token provided"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/users/nobody"),
        ("POST", "/users/nobody/lifecycle/activate"),
        ("GET", "/apps/other"),
        ("GET", "/apps/other/users"),
        ("GET", "{app}/users/nobody"),
        ("GET", "{app}/users/{ada}"),  # not assigned
        ("DELETE", "{app}/users/{ada}"),
        ("GET", "{app}/features/INBOUND_PROVISIONING"),
        ("GET", "/groups/none"),
        ("PUT", "/groups/none/users/{ada}"),
        ("GET", "{app}/group-push/mappings/none"),
        ("POST", "{app}/tasks/none/retry"),
        ("PUT", "{app}/groups/none"),
        ("GET", "{app}/groups/{group}"),  # not assigned
        ("DELETE", "{app}/groups/{group}"),
        ("PUT", "/apps/other/groups/{group}"),
    ],
)
def test_what_is_not_there_is_404(org, method, path):
    path = path.format(app=org.app, ada=org.person("ada"), group=org.group("Engineers"))

    error = org.call(method, path, status=404)

    assert error["errorCode"] == "E0000007"
    assert error["errorSummary"].startswith("Not found: Resource not found: ")
    assert error["errorId"].startswith("oae")
    assert error["errorCauses"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "cause"),
    [
        ("POST", "/users", {}, f"login: {BLANK}"),
        ("POST", "/users", {"profile": person("ada")}, TAKEN),
        ("POST", "/users", {"profile": person("bob") | {"login": "ADA@example.com"}}, TAKEN),
        ("PUT", "/users/{bob}", {"profile": {"login": "b@c.d"}}, f"email: {BLANK}"),
        ("POST", "/users/{bob}", {"profile": {"login": "ada@example.com"}}, TAKEN),
        ("POST", "/users/{bob}", {"profile": {"title": 7}}, "title: must be a string"),
        ("POST", "/users", {"profile": []}, f"login: {BLANK}"),
        ("POST", "/users", {"profile": [1]}, "profile: must be an object"),
        ("GET", "/users?limit=0", None, "limit: must be a positive number"),
        ("GET", "/users?after=nobody", None, "after: unknown cursor"),
        ("POST", "/groups", {"profile": {}}, f"name: {BLANK}"),
        (
            "POST",
            "{app}/users",
            {"id": "ada@example.com", "credentials": {"userName": ""}},
            f"userName: {BLANK}",
        ),
        ("POST", "{app}/group-push/mappings", {}, f"sourceGroupId: {BLANK}"),
        (
            "PUT",
            "{app}/groups/{group}",
            {"profile": {"title": "Engineer"}},
            "profile: The stand-in gives members of a group no attributes",
        ),
        (
            "PUT",
            "{app}/features/USER_PROVISIONING",
            {"create": {"lifecycleCreate": {"status": "ON"}}},
            "status: must be ENABLED or DISABLED",
        ),
    ],
)
def test_invalid_field_is_named(org, method, path, body, cause):
    org.person("ada")
    path = path.format(app=org.app, bob=org.person("carl"), group=org.group("Engineers"))

    error = org.call(method, path, body, status=400)

    name = cause.split(":")[0]
    assert error["errorCode"] == error["errorLink"] == "E0000001"
    assert error["errorSummary"] == f"Api validation failed: {name}"
    assert error["errorCauses"] == [{"errorSummary": cause}]


def test_search_that_cannot_be_read_is_400(org):
    error = org.call("GET", "/users?search=profile.login is ada", status=400)

    assert error["errorCode"] == "E0000031"


@pytest.mark.parametrize("text", [b"{", b"[1]", b"\xff", b'"a"'])
def test_body_that_is_no_object_is_400(org, text):
    answer = org.client.post("/api/v1/users", data=text)

    assert (answer.status_code, answer.json["errorCode"]) == (400, "E0000003")


def test_method_and_endpoint_that_are_not_there(org):
    assert org.call("PATCH", "/users", status=405)["errorCode"] == "E0000022"
    assert org.call("GET", "/policies", status=404)["errorCode"] == "E0000022"


def test_app_tells_its_features(org):
    app = org.call("GET", org.app)

    assert app["status"] == "ACTIVE"
    assert {"PUSH_NEW_USERS", "PUSH_PROFILE_UPDATES", "PUSH_USER_DEACTIVATION"} < set(
        app["features"]
    )
    assert org.call("GET", "/apps") == [app]
    [feature] = org.call("GET", f"{org.app}/features")
    assert feature == org.call("GET", f"{org.app}/features/USER_PROVISIONING")


def test_groups_and_members(org):
    ada = org.person("ada")
    group = org.group("Engineers", ada, ada)

    assert logins(org.call("GET", f"/groups/{group}/users")) == ["ada"]
    assert [each["id"] for each in org.call("GET", "/groups?q=eng")] == [group]
    assert org.call("GET", "/groups?q=x") == []
    org.call("POST", "/groups", {"profile": {"name": "engineers"}}, status=400)

    for _ in range(2):  # deactivated, then deleted
        org.call("DELETE", f"/users/{ada}", status=204)
    assert org.call("GET", f"/groups/{group}/users") == []
    org.call("DELETE", f"/groups/{group}", status=204)
    org.call("GET", f"/groups/{group}", status=404)


def test_assignment_names_the_user_as_it_likes(org):
    credentials = {"userName": "countess", "password": {"value": "Kv7J2LEa"}}

    assigned = org.call(
        "POST", f"{org.app}/users", {"id": org.person("ada"), "credentials": credentials}
    )

    assert assigned["profile"]["userName"] == "countess"


def test_deactivated_user_cannot_be_assigned(org):
    ada = org.person("ada")
    org.call("POST", f"/users/{ada}/lifecycle/deactivate")

    error = org.call("POST", f"{org.app}/users", {"id": ada}, status=403)

    assert error["errorCode"] == "E0000038"
