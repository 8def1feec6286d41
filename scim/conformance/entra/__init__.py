"""The cases of Microsoft's SCIM Validator, under its own names, required and preview.

Like the validator, a case reads the resource again after each write, with the filter that Entra ID
matches by, and compares every attribute that was sent. The cases send the attributes of the default
mapping and one PATCH operation for each value, deactivate, and delete twice. Two faults that
Microsoft acknowledges are not repeated: the validator sends and wants booleans as text, and it
counts attributes that are never returned as lost.
"""

from . import users  # isort: skip - in the order of the validator
from . import groups

__all__ = ["groups", "users"]
