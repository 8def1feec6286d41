"""The operations of a SCIM service provider."""
