"""The errors of the stand-in Entra ID's API have the shape of Graph's."""

import pytest

from .tenant import ADA, APP, ENGINEERS, GRACE, HENRY, JOB, NOBODY, on_demand, reference


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "message"),
    [
        ("GET", f"/users/{NOBODY}", None, 404, "Request_ResourceNotFound", f"'{NOBODY}'"),
        ("PATCH", f"/groups/{NOBODY}", {}, 404, "Request_ResourceNotFound", "does not exist"),
        ("GET", f"/servicePrincipals/{NOBODY}/synchronization/jobs", None, 404, None, NOBODY),
        ("GET", f"{APP}/synchronization/jobs/scim.2", None, 404, None, "'scim.2'"),
        ("DELETE", f"{APP}/appRoleAssignedTo/x", None, 404, None, "'x'"),
        ("DELETE", f"/directory/deletedItems/{ADA}", None, 404, None, ADA),
        ("DELETE", f"/groups/{ENGINEERS}/members/{GRACE}/$ref", None, 404, None, GRACE),
        ("GET", "/nonsense", None, 400, "BadRequest", "the segment 'nonsense'"),
        ("PUT", "/users", {}, 405, "Request_BadRequest", "method is not allowed"),
        ("GET", "/users?$filter=x", None, 400, "Request_BadRequest", "not supported"),
        ("POST", "/users", [], 400, "BadRequest", "Unable to read JSON"),
        ("POST", "/users", {}, 400, "Request_BadRequest", "property 'accountEnabled'"),
        ("POST", "/users", HENRY | {"shoe": 1}, 400, None, "Invalid property 'shoe'"),
        ("POST", "/users", HENRY | {"mail": 1}, 400, None, "Invalid value specified"),
        (
            "POST",
            "/users",
            HENRY | {"userPrincipalName": "ADA@contoso.example"},
            400,
            None,
            "userPrincipalName already exists",
        ),
        (
            "PATCH",
            f"/users/{ADA}",
            {"userPrincipalName": "grace@contoso.example"},
            400,
            None,
            "already exists",
        ),
        ("PATCH", f"/users/{ADA}", {"displayName": None}, 400, None, "'displayName'"),
        ("POST", "/groups", {}, 400, None, "'displayName' of resource 'Group'"),
        ("PUT", f"/users/{ADA}/manager/$ref", {}, 400, None, "@odata.id"),
        ("PUT", f"/users/{ADA}/manager/$ref", reference(NOBODY), 404, None, NOBODY),
        ("POST", f"/groups/{ENGINEERS}/members/$ref", reference(ADA), 400, None, "already exist"),
        ("POST", f"{APP}/appRoleAssignedTo", {}, 400, None, "'principalId'"),
        ("POST", f"{APP}/appRoleAssignedTo", {"principalId": GRACE}, 400, None, "already exists"),
        ("PUT", f"{APP}/synchronization/secrets", {"value": []}, 400, None, "BaseAddress"),
        (
            "PUT",
            f"{APP}/synchronization/secrets",
            {
                "value": [
                    {"key": "BaseAddress", "value": "ftp://x"},
                    {"key": "SecretToken", "value": "t"},
                ]
            },
            400,
            None,
            "BaseAddress",
        ),
        ("POST", f"{JOB}/restart", {"criteria": {"resetScope": "All"}}, 400, None, "'All'"),
        ("POST", f"{JOB}/provisionOnDemand", {}, 400, None, "one subject"),
        ("POST", f"{JOB}/provisionOnDemand", on_demand(NOBODY), 404, None, NOBODY),
    ],
)
def test_error_has_the_shape_of_graph(graph_alone, method, path, body, status, code, message):
    error = graph_alone()(method, path, body, status=status)["error"]

    assert error["code"] == (
        code or {400: "Request_BadRequest", 404: "Request_ResourceNotFound"}[status]
    )
    assert message in error["message"]
    assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}
