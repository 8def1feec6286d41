"""The cases of Microsoft's SCIM Validator, under its own names, required and preview.

As there, a resource is read again after each write, with the filter that Entra ID matches by, and
every attribute that was sent is compared. Sent are the attributes of the default mapping, one
PATCH operation for each value, deactivation is tried, and deleting twice. Two faults that
Microsoft acknowledges are not repeated: booleans sent and wanted as text, and attributes that
are never returned counted as lost.
"""

from . import users  # isort: skip - in the order of the validator
from . import groups

__all__ = ["groups", "users"]
