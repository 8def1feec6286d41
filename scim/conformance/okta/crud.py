"""The "Okta SCIM 2.0 CRUD Test": Okta is told to change a user, and the server has to follow.

The thirteen steps follow one user. Okta's own test waits between them for up to 40 seconds; here,
a step looks again until it finds what it expects.
"""

from typing import Any

from ..answers import expect_equal, expect_status, value_at
from ..checks import Area, Service, skip
from ..client import Exchange
from .organization import FAMILY_NAME, Organization

SUITE = "okta-crud"
GIVEN_NAME, NEW_NAME = "Runscope417", "Runscope418"

creation = Area(SUITE, "Create")
update = Area(SUITE, "Update")
deactivation = Area(SUITE, "Deactivate")
reactivation = Area(SUITE, "Reactivate")
unassignment = Area(SUITE, "Unassign")


def okta(service: Service) -> Organization:
    return service.organization or skip("there is no Okta organization")


def hiring(service: Service) -> Organization:
    """Return the organization, which has the user since step 2."""
    organization = okta(service)
    return organization if organization.okta_id else skip("Okta has no user, see step 2")


def expect_in_app(service: Service, **values: Any) -> None:
    """Fail unless the server shows the user by id, with these values, within Okta's time."""
    organization = hiring(service)
    if organization.scim_id is None:
        skip("the user is not in the app, see step 4")

    def look() -> None:
        answer = service.client.get(f"/Users/{organization.scim_id}")
        expect_status(answer, 200)
        expect_equal(answer, **values)

    organization.settled(look)


@creation("Check SCIM Apps instance in Okta", "step 1")
def organization_has_the_app(service: Service) -> None:
    """Okta has the app."""
    expect_status(okta(service).ask("GET", okta(service).app), 200)


@creation("Add new random user to Okta", "step 2")
def user_is_added_to_okta(service: Service) -> None:
    """Okta takes a new user."""
    expect_status(okta(service).hire(GIVEN_NAME), 200)


@creation("Assign user to SCIM App", "step 3")
def user_is_assigned(service: Service) -> None:
    """Okta assigns the app to the user."""
    expect_status(hiring(service).assign(GIVEN_NAME), 200)


@creation("Verify if user is created in SCIM App", "step 4")
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


@update("Update user firstname", "step 5")
def first_name_is_changed_in_okta(service: Service) -> None:
    """Okta takes another first name."""
    expect_status(hiring(service).rename(NEW_NAME), 200)


@update("Verify firstname update in SCIM App", "step 6")
def first_name_is_changed_in_the_app(service: Service) -> None:
    """The user has the other first name."""
    expect_in_app(service, **{"name.givenName": NEW_NAME})


@deactivation("Deactivate user in Okta", "step 7")
def user_is_deactivated_in_okta(service: Service) -> None:
    """Okta deactivates the user."""
    expect_status(hiring(service).move("deactivate"), 200)


@deactivation("Verify if user is deactivated in SCIM App", "step 8")
def user_is_deactivated_in_the_app(service: Service) -> None:
    """The user is still there by id, and inactive."""
    expect_in_app(service, active=False)


@reactivation("Reactivate user in okta", "step 9")
def user_is_activated_in_okta(service: Service) -> None:
    """Okta activates the user again."""
    expect_status(hiring(service).move("activate"), 200)


@reactivation("Assign user to SCIM App", "step 10")
def user_is_assigned_again(service: Service) -> None:
    """Okta assigns the app to the user again."""
    expect_status(hiring(service).assign(NEW_NAME), 200)


@reactivation("Verify if user is reactivated in SCIM App", "step 11")
def user_is_active_again_in_the_app(service: Service) -> None:
    """The user, whose id is the same, is active again."""
    expect_in_app(service, active=True)


@unassignment("Removes an assignment for a user in Okta", "step 12")
def user_is_unassigned(service: Service) -> None:
    """Okta removes the app from the user."""
    expect_status(hiring(service).unassign(), 204)


@unassignment("Verify if user is deactivated in SCIM App", "step 13")
def unassigned_user_is_inactive_in_the_app(service: Service) -> None:
    """The user is still there by id, and inactive again."""
    expect_in_app(service, active=False)
