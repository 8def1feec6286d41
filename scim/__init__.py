"""A SCIM 2.0 service provider (RFC 7643, RFC 7644)."""

__version__ = "unreleased"  # the newest heading of CHANGELOG.md
