"""The SCIM protocol as pure functions and frozen dataclasses."""
