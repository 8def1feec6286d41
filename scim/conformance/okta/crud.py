"""The "Okta SCIM 2.0 CRUD Test": what Okta is told to do, and what has become of it in the server.

The thirteen steps follow one user. Okta's own test waits between them for up to 40 seconds; here,
a step looks again until what it expects is there.
"""

from typing import Any

from ..answers import expect_equal, expect_status, value_at
from ..checks import Service, check, skip
from ..client import Exchange
from .organization import FAMILY_NAME, Organization

SUITE = "okta-crud"
GIVEN_NAME, NEW_NAME = "Runscope417", "Runscope418"


def okta(service: Service) -> Organization:
    return service.organization or skip("there is no Okta organization to tell")


def hiring(service: Service) -> Organization:
    """Return the organization, which has a user by now."""
    organization = okta(service)
    return organization if organization.okta_id else skip("Okta has no user, see step 2")


def expect_in_app(service: Service, **values: Any) -> None:
    """Fail unless the server shows the user by id, with these values, once Okta had its time."""
    organization = hiring(service)
    if organization.scim_id is None:
        skip("the user is not in the app, see step 4")

    def look() -> None:
        answer = service.client.get(f"/Users/{organization.scim_id}")
        expect_status(answer, 200)
        expect_equal(answer, **values)

    organization.settled(look)


@check(SUITE, "Create", "step 1", "Check SCIM Apps instance in Okta")
def organization_has_the_app(service: Service) -> None:
    """Okta has the app."""
    expect_status(okta(service).ask("GET", okta(service).app), 200)


@check(SUITE, "Create", "step 2", "Add new random user to Okta")
def user_is_added_to_okta(service: Service) -> None:
    """Okta takes a new user."""
    expect_status(okta(service).hire(GIVEN_NAME), 200)


@check(SUITE, "Create", "step 3", "Assign user to SCIM App")
def user_is_assigned(service: Service) -> None:
    """Okta assigns the app to the user."""
    expect_status(hiring(service).assign(GIVEN_NAME), 200)


@check(SUITE, "Create", "step 4", "Verify if user is created in SCIM App")
def user_is_created_in_the_app(service: Service) -> None:
    """The user is found by userName, with the address and the names that Okta has."""
    organization = hiring(service)

    def find() -> Exchange:
        path = f'/Users?filter=userName eq "{organization.address}"'
        answer = service.client.get(path)
        expect_status(answer, 200)
        expect_equal(answer, **{"Resources[0].userName": organization.address})
        return answer

    try:
        found = organization.settled(find)
    finally:
        organization.is_awaited = False
    organization.scim_id = str(value_at(found.json, "Resources[0].id"))
    expect_equal(
        found,
        **{
            "Resources[0].emails[0].value": organization.address,
            "Resources[0].name.familyName": FAMILY_NAME,
            "Resources[0].name.givenName": GIVEN_NAME,
        },
    )


@check(SUITE, "Update", "step 5", "Update user firstname")
def first_name_is_changed_in_okta(service: Service) -> None:
    """Okta takes another first name."""
    expect_status(hiring(service).rename(NEW_NAME), 200)


@check(SUITE, "Update", "step 6", "Verify firstname update in SCIM App")
def first_name_is_changed_in_the_app(service: Service) -> None:
    """The user has the other first name."""
    expect_in_app(service, **{"name.givenName": NEW_NAME})


@check(SUITE, "Deactivate", "step 7", "Deactivate user in Okta")
def user_is_deactivated_in_okta(service: Service) -> None:
    """Okta deactivates the user."""
    expect_status(hiring(service).move("deactivate"), 200)


@check(SUITE, "Deactivate", "step 8", "Verify if user is deactivated in SCIM App")
def user_is_deactivated_in_the_app(service: Service) -> None:
    """The user is still there by id, and inactive."""
    expect_in_app(service, active=False)


@check(SUITE, "Reactivate", "step 9", "Reactivate user in okta")
def user_is_activated_in_okta(service: Service) -> None:
    """Okta activates the user again."""
    expect_status(hiring(service).move("activate"), 200)


@check(SUITE, "Reactivate", "step 10", "Assign user to SCIM App")
def user_is_assigned_again(service: Service) -> None:
    """Okta assigns the app to the user again."""
    expect_status(hiring(service).assign(NEW_NAME), 200)


@check(SUITE, "Reactivate", "step 11", "Verify if user is reactivated in SCIM App")
def user_is_active_again_in_the_app(service: Service) -> None:
    """The user, whose id is the same, is active again."""
    expect_in_app(service, active=True)


@check(SUITE, "Unassign", "step 12", "Removes an assignment for a user in Okta")
def user_is_unassigned(service: Service) -> None:
    """Okta takes the app from the user."""
    expect_status(hiring(service).unassign(), 204)


@check(SUITE, "Unassign", "step 13", "Verify if user is deactivated in SCIM App")
def unassigned_user_is_inactive_in_the_app(service: Service) -> None:
    """The user is still there by id, and inactive again."""
    expect_in_app(service, active=False)
