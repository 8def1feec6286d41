"""The cause of each kind of failure, and its remedy: there and here."""

from collections.abc import Mapping

from .access import ACCESS, ENTRA_MAPPING, OKTA_MAPPING, OKTA_NAME, Remedy
from .guarded import GUARDED

KINDS: Mapping[str, Remedy] = {
    **ACCESS,
    **GUARDED,
    "gone": Remedy(
        "The {noun} is not here",
        "The {noun} was deleted here, or the id is that of another server. The provider "
        "remembers ids.",
        {
            "Okta": "In Okta, remove the assignment and assign again: then Okta looks the "
            "{noun} up, and creates it if need be.",
            "Entra ID": "In Entra ID, use Restart provisioning: it forgets the ids and looks "
            "everybody up again.",
            "": "Let the provider look the {noun} up again.",
        },
        "`python manage.py trash list` shows what was deleted, and `trash restore` brings it back.",
    ),
    "userName taken": Remedy(
        "userName is taken",
        "A user with this userName is here already, perhaps in other capitals, or created by "
        "another client.",
        {
            "Okta": "In Okta, use Import > Import Now and match the user; for a wizard app the "
            "Unique identifier field for users must be userName.",
            "Entra ID": f"{ENTRA_MAPPING}: the matching attribute must be userName, with "
            "precedence 1, so that the look-up finds the user.",
            "": "Look the user up by userName before the create, and update what is found.",
        },
        "Or rename or delete the other user here.",
    ),
    "displayName taken": Remedy(
        "displayName is taken",
        "A group with this name is here already; this server keeps the names of groups unique.",
        {
            "Okta": "In Okta, choose Link Group instead of Create Group, under Push Groups.",
            "Entra ID": f"{ENTRA_MAPPING} of groups: the matching attribute must be displayName.",
            "": "Look the group up by displayName before the create, and update what is found.",
        },
        "Or set SCIM_UNIQUE_GROUP_NAMES to false.",
    ),
    "taken": Remedy(
        "{attribute} is taken",
        "Another resource has this value of {attribute}, which must be unique.",
        {
            "Okta": f"{OKTA_MAPPING}: two people have the same value.",
            "Entra ID": f"{ENTRA_MAPPING}: two people have the same value.",
            "": "Send a value that nobody else has.",
        },
        "The resource that has the value can be found with a filter, and changed.",
    ),
    "conflict": Remedy(
        "The request contradicts what is stored",
        "The request contradicts what is stored, or refers to an operation that failed.{error}",
        {"": "Send the operations again that failed first."},
    ),
    "strict": Remedy(
        "The tenant is strict",
        "The tenant {tenant} seems to be strict: it refuses what the RFCs forbid, and providers "
        "send such requests.",
        {
            "Entra ID": "In Entra ID, add ?aadOptscim062020 behind the Tenant URL: it then sends "
            "what the RFC describes.",
        },
        "`python manage.py tenant set {tenant} --tolerant` accepts what providers send.",
    ),
    "filter": Remedy(
        "The filter cannot be understood",
        "The filter is not as the RFC has it.{error}",
        {"": "Correct the filter; the error names the position."},
        "`python manage.py explain filter` tells how a filter is read.",
    ),
    "equals sign": Remedy(
        "The filter has = for eq",
        "A filter compares with words: eq is equal, and = is nothing.{error}",
        {"": "Write eq instead of =, with a space on each side."},
        "`python manage.py explain filter` tells how a filter is read.",
    ),
    "unknown in filter": Remedy(
        "The filter names {attribute}, which is unknown here",
        "This server has no attribute {attribute} to search by.{error}",
        {
            "Okta": "In Okta, the Unique identifier field for users must be userName.",
            "Entra ID": f"{ENTRA_MAPPING}: the matching attribute must be one that this server "
            "has, such as userName.",
            "": "Correct the name of the attribute.",
        },
        "`python manage.py explain filter` tells how a filter is read.",
    ),
    "path": Remedy(
        "{attribute} is unknown here",
        "The path of an operation names no attribute that this server has: {attribute}.",
        {
            "Okta": f"{OKTA_MAPPING}: correct or remove the attribute.",
            "Entra ID": f"{ENTRA_MAPPING}: correct the target attribute, or remove its row.",
            "": "Correct the path.",
        },
        "Or add the attribute to this server: the setting SCIM_SCHEMA_FOLDER.",
    ),
    "sort": Remedy(
        "sortBy names an unknown attribute",
        "sortBy names an attribute that no schema of this server has.",
        {"": "Correct sortBy, or leave it out."},
    ),
    "target": Remedy(
        "The path selects nothing",
        "The path of an operation selects a value that is not there.{error}",
        {
            "Entra ID": f"{ENTRA_MAPPING}: the type in the target attribute must be one that the "
            "person has.",
            "": "Send the error to the maker of the integration: a replace must select a value "
            "that is there, and an add makes one.",
        },
    ),
    "members": Remedy(
        "A member is not here",
        "A group was sent with people who were never provisioned to this server, so nothing of "
        "the request was done.",
        {
            "Okta": "In Okta, assign the app to the people in the group first, and push the group "
            "again.",
            "Entra ID": "In Entra ID, assign the group to the application, so that its people are "
            "provisioned, too.",
            "": "Create the members first.",
        },
        "Or set SCIM_SKIP_UNKNOWN_MEMBERS to true: then the others join.",
    ),
    "circle": Remedy(
        "A group is in itself",
        "A group would be in itself, directly or through other groups.",
        {"": "Take one of the groups out of the other."},
    ),
    "no userName": Remedy(
        "userName is missing",
        "userName is required, and the request has no value for it.",
        {
            "Okta": f"{OKTA_NAME}: it must give everybody a userName.",
            "Entra ID": f"{ENTRA_MAPPING}: map to userName what everybody has, such as "
            "userPrincipalName.",
            "": "Send a userName.",
        },
    ),
    "required": Remedy(
        "{attribute} is missing",
        "{attribute} is required, and the request has no value for it.",
        {
            "Okta": f"{OKTA_MAPPING}: map a value to {{attribute}} that everybody has.",
            "Entra ID": f"{ENTRA_MAPPING}: map a value to {{attribute}} that everybody has.",
            "": "Send a value.",
        },
    ),
    "value": Remedy(
        "{attribute} does not take the value",
        "{attribute} does not take a value that was sent.{error}",
        {
            "Okta": f"{OKTA_MAPPING}: what is mapped to {{attribute}} has another type.",
            "Entra ID": f"{ENTRA_MAPPING}: what is mapped to {{attribute}} has another type.",
            "": "Send a value of the type that /Schemas shows.",
        },
    ),
    "mutability": Remedy(
        "{attribute} cannot be changed",
        "The server makes {attribute}, or keeps it as it was created.",
        {
            "Okta": f"{OKTA_MAPPING}: remove {{attribute}}.",
            "Entra ID": f"{ENTRA_MAPPING}: remove {{attribute}}, or apply it only at creation.",
            "": "Leave it out.",
        },
    ),
    "emptied": Remedy(
        "{attribute} cannot be removed",
        "{attribute} is required: it can be replaced, not removed.",
        {
            "Okta": f"{OKTA_MAPPING}: map a value to {{attribute}} that everybody has.",
            "Entra ID": f"{ENTRA_MAPPING}: map a value to {{attribute}} that everybody has.",
            "": "Replace the value.",
        },
    ),
    "no JSON": Remedy(
        "The body is not JSON",
        "{body}",
        {
            "OneLogin": "In OneLogin, correct the SCIM JSON Template.",
            "": "Send JSON: an object in braces, with its names in double quotes.",
        },
    ),
    "syntax": Remedy(
        "The body cannot be read",
        "The body is JSON, but no message of SCIM: without its schemas, or of another form.{error}",
        {
            "OneLogin": "In OneLogin, correct the SCIM JSON Template.",
            "": "Correct the body; the error names the place.",
        },
    ),
    "cursor": Remedy(
        "The cursor cannot be used",
        "A cursor is of another query, or too old.",
        {"": "Begin again with an empty cursor, and repeat all other parameters."},
        "The setting SCIM_CURSOR_TIMEOUT is how long a cursor lasts.",
    ),
    "too many": Remedy(
        "The query takes too long",
        "The database would work too long for the query.",
        {"": "Ask for less: a narrower filter, no sortBy."},
        "The setting SCIM_QUERY_TIMEOUT is the longest time.",
    ),
    "forbidden": Remedy(
        "The request is not permitted",
        "Discovery endpoints take no filter.",
        {"": "Ask without the filter."},
    ),
    "slow": Remedy(
        "The request did not arrive in time",
        "The client was too slow, or its connection broke.",
        {"": "Look at the network, and at a proxy or tunnel between."},
        "The setting SCIM_CLIENT_TIMEOUT is how long the server waits.",
    ),
    "version": Remedy(
        "Somebody else changed it first",
        "The client changed a resource that somebody else had changed since it was read.",
        {"": "Read the resource again, and repeat the change."},
    ),
    "large": Remedy(
        "The request is too large",
        "The request has more bytes, operations or values than this server takes.{error}",
        {"": "Send less at once."},
        "The settings SCIM_MAX_BODY_SIZE, SCIM_MAX_BULK_OPERATIONS and SCIM_MAX_PATCH_OPERATIONS "
        "are the limits.",
    ),
    "media": Remedy(
        "The body has another media type",
        "The body is not sent as SCIM JSON.",
        {"": "Send Content-Type: application/scim+json, and no compressed body."},
    ),
    "failed": Remedy(
        "The server failed",
        "The server failed unexpectedly. That is a fault of the server, not of the request.",
        {"": "Nothing is to change in the provider."},
        "The log has the reason, under the request id.",
    ),
    "unsupported": Remedy(
        "This server does not support the request",
        "The token names no user, so there is no /Me.",
        {"": "Use a token of a user."},
        "`python manage.py token issue NAME --subject USER` prints a token for a user.",
    ),
    "busy": Remedy(
        "The database was away or busy",
        "The database could not answer at that time.{error}",
        {"": "Nothing is to change in the provider: it tries again."},
        "Look at the database and at the server's log.",
    ),
    "other": Remedy(
        "The request was refused",
        "The server refused the request.{error}",
        {"": "See the error's detail."},
    ),
}
