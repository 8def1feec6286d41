"""What causes a kind of failure, and what to change against it: there and here."""

from collections.abc import Mapping

from .access import ACCESS, ENTRA_MAPPING, OKTA_MAPPING, Remedy

KINDS: Mapping[str, Remedy] = ACCESS | {
    "gone": Remedy(
        "changes of {noun}s that are not here",
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
        "uniqueness on userName",
        "A user with this userName is here already, perhaps written in other case, or created by "
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
        "uniqueness on displayName",
        "A group with this name is here already; this server keeps the names of groups unique.",
        {
            "Okta": "In Okta, choose Link Group instead of Create Group, under Push Groups.",
            "Entra ID": f"{ENTRA_MAPPING} of groups: the matching attribute must be displayName.",
            "": "Look the group up by displayName before the create, and update what is found.",
        },
        "Or set SCIM_UNIQUE_GROUP_NAMES to false.",
    ),
    "taken": Remedy(
        "uniqueness on {attribute}",
        "Another resource has this value of {attribute}, which must be unique.",
        {
            "Okta": f"{OKTA_MAPPING}: two people have the same value.",
            "Entra ID": f"{ENTRA_MAPPING}: two people have the same value.",
            "": "Send a value that nobody else has.",
        },
        "The resource that has the value can be found with a filter, and changed.",
    ),
    "conflict": Remedy(
        "conflicts",
        "The request contradicts what is stored, or refers to an operation that failed.{error}",
        {"": "Send the operations again that failed first."},
    ),
    "strict": Remedy(
        "requests that a strict tenant refuses",
        "The tenant {tenant} seems to be strict: it refuses what the RFCs forbid, and providers "
        "send such requests.",
        {
            "Entra ID": "In Entra ID, add ?aadOptscim062020 behind the Tenant URL: it then sends "
            "what the RFC describes.",
        },
        "`python manage.py tenant set {tenant} --tolerant` accepts what providers send.",
    ),
    "filter": Remedy(
        "filters that cannot be understood",
        "The filter of a look-up is not as the RFC has it, or names an attribute that is not "
        "here.{error}",
        {
            "Okta": "In Okta, the Unique identifier field for users must be userName.",
            "Entra ID": f"{ENTRA_MAPPING}: the matching attribute must be one that this server "
            "has, such as userName.",
            "": "Correct the filter; the error names the position.",
        },
        "`python manage.py explain filter` tells how a filter is read.",
    ),
    "path": Remedy(
        "operations on {attribute}, which is unknown here",
        "The path of an operation names no attribute that this server has: {attribute}.",
        {
            "Okta": f"{OKTA_MAPPING}: correct or remove the attribute.",
            "Entra ID": f"{ENTRA_MAPPING}: correct the target attribute, or remove its row.",
            "": "Correct the path.",
        },
        "Or add the attribute to this server: the setting SCIM_SCHEMA_FOLDER.",
    ),
    "sort": Remedy(
        "lists sorted by an unknown attribute",
        "sortBy names an attribute that no schema of this server has.",
        {"": "Correct sortBy, or leave it out."},
    ),
    "target": Remedy(
        "operations that select nothing",
        "The path of an operation selects a value that is not there.{error}",
        {
            "Entra ID": f"{ENTRA_MAPPING}: the type in the target attribute must be one that the "
            "person has.",
            "": "Use add to make the value.",
        },
    ),
    "members": Remedy(
        "members that are not here",
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
        "groups in a circle",
        "A group would be in itself, directly or through other groups.",
        {"": "Take one of the groups out of the other."},
    ),
    "required": Remedy(
        "a missing {attribute}",
        "{attribute} is required, and the request has no value for it.",
        {
            "Okta": f"{OKTA_MAPPING}: map a value to {{attribute}}; the person may have none.",
            "Entra ID": f"{ENTRA_MAPPING}: map a value to {{attribute}}; the person may have none.",
            "": "Send a value.",
        },
    ),
    "value": Remedy(
        "values that {attribute} does not take",
        "{attribute} does not take a value that was sent.{error}",
        {
            "Okta": f"{OKTA_MAPPING}: what is mapped to {{attribute}} has another type.",
            "Entra ID": f"{ENTRA_MAPPING}: what is mapped to {{attribute}} has another type.",
            "": "Send a value of the type that /Schemas shows.",
        },
    ),
    "mutability": Remedy(
        "changes of {attribute}, which is read-only or fixed",
        "The server makes {attribute}, or keeps it as it was created.",
        {
            "Okta": f"{OKTA_MAPPING}: remove {{attribute}}.",
            "Entra ID": f"{ENTRA_MAPPING}: remove {{attribute}}, or apply it only at creation.",
            "": "Leave it out.",
        },
    ),
    "emptied": Remedy(
        "removals of {attribute}, which must have a value",
        "{attribute} is required: it can be replaced, not removed.",
        {
            "Okta": f"{OKTA_MAPPING}: map a value to {{attribute}}; the person may have none.",
            "Entra ID": f"{ENTRA_MAPPING}: map a value to {{attribute}}; the person may have none.",
            "": "Replace the value.",
        },
    ),
    "syntax": Remedy(
        "bodies that cannot be read",
        "The body is no message of SCIM: no JSON, or without its schemas, or of another "
        "form.{error}",
        {
            "OneLogin": "In OneLogin, correct the SCIM JSON Template.",
            "": "Correct the body; the error names the place.",
        },
    ),
    "cursor": Remedy(
        "cursors that cannot be used",
        "A cursor is of another query, or too old.",
        {"": "Begin again with an empty cursor, and repeat all other parameters."},
        "The setting SCIM_CURSOR_TIMEOUT is how long a cursor lasts.",
    ),
    "too many": Remedy(
        "queries that take too long",
        "The database would work too long for the query.",
        {"": "Ask for less: a narrower filter, no sortBy."},
        "The setting SCIM_QUERY_TIMEOUT is the longest time.",
    ),
    "forbidden": Remedy(
        "requests that are not permitted",
        "Discovery endpoints take no filter.",
        {"": "Ask without the filter."},
    ),
    "slow": Remedy(
        "requests that did not arrive in time",
        "The client was too slow, or its connection broke.",
        {"": "Look at the network, and at a proxy or tunnel between."},
        "The setting SCIM_CLIENT_TIMEOUT is how long the server waits.",
    ),
    "version": Remedy(
        "changes of an old version",
        "The client changed a resource that somebody else had changed since it was read.",
        {"": "Read the resource again, and repeat the change."},
    ),
    "large": Remedy(
        "requests that are too large",
        "The request has more bytes, operations or values than this server takes.{error}",
        {"": "Send less at once."},
        "The settings SCIM_MAX_BODY_SIZE, SCIM_MAX_BULK_OPERATIONS and SCIM_MAX_PATCH_OPERATIONS "
        "are the limits.",
    ),
    "media": Remedy(
        "bodies of another media type",
        "The body is not sent as SCIM JSON.",
        {"": "Send Content-Type: application/scim+json, and no compressed body."},
    ),
    "rate": Remedy(
        "requests at too high a rate",
        "The client sends more requests than it may.",
        {
            "Okta": "In Okta, nothing is to do: it tries again later.",
            "Entra ID": "In Entra ID, nothing is to do: it tries again later.",
            "": "Wait as long as the header Retry-After says.",
        },
    ),
    "failed": Remedy(
        "failures of the server",
        "The server failed unexpectedly. That is a fault of the server, not of the request.",
        {"": "Nothing is to change in the provider."},
        "The log has the reason, under the request id.",
    ),
    "unsupported": Remedy(
        "requests that this server does not support",
        "The token names no user, so there is no /Me.",
        {"": "Use a token of a user."},
        "`python manage.py token issue NAME --subject USER` prints a token for a user.",
    ),
    "busy": Remedy(
        "requests while the database was away or busy",
        "The database could not answer at that time.{error}",
        {"": "Nothing is to change in the provider: it tries again."},
        "Look at the database and at the server's log.",
    ),
    "other": Remedy(
        "failures", "The server refused the request.{error}", {"": "See the error's detail."}
    ),
}
