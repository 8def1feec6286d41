"""A SCIM 2.0 service provider (RFC 7643, RFC 7644)."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .embedding import Scim

__all__ = ["Scim"]


def __getattr__(name: str) -> Any:
    """Import ``Scim`` when somebody asks for it: the parts of this package do not need it."""
    if name != "Scim":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .embedding import Scim  # noqa: PLC0415

    return Scim
