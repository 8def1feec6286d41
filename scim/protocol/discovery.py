"""Discovery: documents in which the server describes itself (RFC 7644 §4, RFC 7643 §5 to §7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .definitions.assembly import RESOURCE_TYPE_SCHEMA, Definitions
from .delta import SERVER_ROOT
from .profile import NO_PROFILE, Profile
from .schema import GROUP_SCHEMA, USER_SCHEMA, ResourceType, Schema
from .values import PLACEHOLDER, Record

CONFIGURATION_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
SECURITY_EVENTS = "securityEvents"
ROLES_AND_ENTITLEMENTS = "RolesAndEntitlements"  # draft-ietf-scim-roles-entitlements
GRANTS = {
    "roles": "urn:ietf:params:scim:schemas:core:2.0:Role",
    "entitlements": "urn:ietf:params:scim:schemas:core:2.0:Entitlement",
}
DELTA_QUERY = "DeltaQuery"  # draft-sehgal-scim-delta-query
# Announced and described only if offered.
OPTIONAL = {SECURITY_EVENTS, ROLES_AND_ENTITLEMENTS, DELTA_QUERY}
OKTA_CONFIGURATION_SCHEMA = "urn:okta:schemas:scim:providerconfig:2.0"

# Entra ID's validator fails if /Schemas shows these sub-attributes.
HIDDEN_FROM_ENTRA = {(USER_SCHEMA, "emails", "display"), (GROUP_SCHEMA, "members", "$ref")}


@dataclass(frozen=True, slots=True)
class Offer:
    """The settings and the tenant's choices that are announced.

    ``async_request`` is ``none``, ``long`` or ``request``. ``event_uris`` are those of the events
    that somebody is told of (RFC 9967 §4). A delta token is for ``delta_types``, and valid for
    ``delta_seconds``, 0 if delta queries are not announced. ``grants`` are those of ``GRANTS``
    whose schema is served.
    """

    max_results: int
    max_payload_size: int
    max_operations: int
    default_page_size: int
    cursor_timeout: int
    unique_group_names: bool
    profile: Profile = NO_PROFILE
    delta_seconds: int = 0
    delta_types: tuple[str, ...] = ()
    async_request: str = "none"
    event_uris: tuple[str, ...] = ()
    grants: frozenset[str] = frozenset()

    @property
    def optional(self) -> Record:
        """The members of the ServiceProviderConfig that not every server and tenant has."""
        return self.security_events | self.roles_and_entitlements | self.delta_query

    @property
    def security_events(self) -> Record:
        """The member ``securityEvents`` (RFC 9967 §4); nothing if nobody is told of events.

        Some libraries refuse a ServiceProviderConfig with a member that RFC 7643 does not have. So
        asynchronous requests alone, which nobody has to use, are not announced.
        """
        if not self.event_uris:
            return {}
        known = {"asyncRequest": self.async_request, "eventUris": list(self.event_uris)}
        return {SECURITY_EVENTS: known}

    @property
    def roles_and_entitlements(self) -> Record:
        """What is said of roles and entitlements; nothing if neither is served by the draft."""
        if not self.grants:
            return {}
        return {
            ROLES_AND_ENTITLEMENTS: {
                name: {
                    "supported": name in self.grants,
                    f"multiple{name.capitalize()}Supported": True,
                    "primarySupported": True,
                    "typeSupported": True,
                }
                for name in GRANTS
            }
        }

    @property
    def delta_query(self) -> Record:
        """What is said of delta queries; nothing if they are not announced."""
        if not self.delta_seconds:
            return {}
        return {
            DELTA_QUERY: {
                "supported": True,
                "deltaTokenExpiry": self.delta_seconds,
                "supportedResources": [SERVER_ROOT, *self.delta_types],
            }
        }


def served_grants(definitions: Definitions) -> frozenset[str]:
    """Return which of ``GRANTS`` have a resource type with the schema of the draft."""
    urns = {urn for each in definitions.resource_types for urn in each.own_urns}
    return frozenset(name for name, urn in GRANTS.items() if urn.lower() in urns)


def service_provider_config(offer: Offer) -> Record:
    """Return the ServiceProviderConfig (RFC 7643 §5, RFC 9865 §4)."""
    return {
        "schemas": [CONFIGURATION_SCHEMA],
        "documentationUri": "https://www.rfc-editor.org/info/rfc7644",
        "patch": {"supported": True},
        "bulk": {
            "supported": True,
            "maxOperations": offer.max_operations,
            "maxPayloadSize": offer.max_payload_size,
        },
        "filter": {"supported": True, "maxResults": offer.max_results},
        "changePassword": {"supported": True},
        "sort": {"supported": True},
        "etag": {"supported": offer.profile.has_entity_tags},
        "pagination": {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": offer.default_page_size,
            "maxPageSize": offer.max_results,
            "cursorTimeout": offer.cursor_timeout,
        },
        **offer.profile.announced(min(offer.default_page_size, offer.max_results)),
        **offer.optional,
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "OAuth Bearer Token",
                "description": "Authorization: Bearer, a space and the token",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
        "meta": _meta("ServiceProviderConfig", "/ServiceProviderConfig"),
    }


def okta_service_provider_config(offer: Offer) -> Record:
    """Return the ServiceProviderConfig with what Okta's on-premises agent reads in it."""
    config = service_provider_config(offer)
    return config | {
        "schemas": [CONFIGURATION_SCHEMA, OKTA_CONFIGURATION_SCHEMA],
        OKTA_CONFIGURATION_SCHEMA: {
            "userManagementCapabilities": [
                "GROUP_PUSH",
                "IMPORT_NEW_USERS",
                "IMPORT_PROFILE_UPDATES",
                "PUSH_NEW_USERS",
                "PUSH_PASSWORD_UPDATES",
                "PUSH_PENDING_USERS",
                "PUSH_PROFILE_UPDATES",
                "PUSH_USER_DEACTIVATION",
                "REACTIVATE_USERS",
            ]
        },
    }


def resource_type_documents(definitions: Definitions) -> dict[str, Record]:
    """Return the ResourceTypes by id (RFC 7643 §6)."""
    return {
        name: _resource_type(each, name, schema)
        for each in definitions.served
        for name, schema in each.announced.items()
    }


def _resource_type(resource_type: ResourceType, name: str, schema: Schema) -> Record:
    document: Record = {
        "schemas": [RESOURCE_TYPE_SCHEMA],
        "id": name,
        "name": name,
        "description": resource_type.description,
        "endpoint": resource_type.endpoint,
        "schema": schema.id,
    }
    if resource_type.extensions:
        document["schemaExtensions"] = [
            {"schema": extension.schema.id, "required": extension.required}
            for extension in resource_type.extensions
        ]
    meta = _meta("ResourceType", f"/ResourceTypes/{name}")
    return document | {"meta": meta}


def schema_documents(
    definitions: Definitions, offer: Offer, for_entra: bool = False
) -> dict[str, Record]:
    """Return the Schemas by id (RFC 7643 §7); ``for_entra`` hides what its validator rejects."""
    return {schema.id: _schema(schema, offer, for_entra) for schema in definitions.schemas}


def _schema(schema: Schema, offer: Offer, for_entra: bool) -> Record:
    document = dict(schema.document)
    if schema.id == GROUP_SCHEMA and not offer.unique_group_names:
        document["attributes"] = [
            attribute | {"uniqueness": "none"} for attribute in document["attributes"]
        ]
    if schema.id == CONFIGURATION_SCHEMA:
        absent = OPTIONAL - offer.optional.keys()
        document["attributes"] = [
            attribute for attribute in document["attributes"] if attribute["name"] not in absent
        ]
    if for_entra:
        document["attributes"] = [
            _without_hidden(schema.id, attribute) for attribute in document["attributes"]
        ]
    document["attributes"] = [
        offer.profile.declared(attribute) for attribute in document["attributes"]
    ]
    return document | {"meta": _meta("Schema", f"/Schemas/{schema.id}")}


def _without_hidden(urn: str, attribute: Mapping[str, Any]) -> Record:
    if "subAttributes" not in attribute:
        return dict(attribute)
    shown = [
        below
        for below in attribute["subAttributes"]
        if (urn, attribute["name"], below["name"]) not in HIDDEN_FROM_ENTRA
    ]
    return {**attribute, "subAttributes": shown}


def _meta(resource_type: str, path: str) -> Record:
    return {"resourceType": resource_type, "location": f"{PLACEHOLDER}{path}"}
