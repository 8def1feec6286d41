"""The OpenAPI document of a server: its endpoints, resources and messages, for tools."""

from .document import OPENAPI, OPENAPI_MEDIA_TYPE, openapi_document

__all__ = ["OPENAPI", "OPENAPI_MEDIA_TYPE", "openapi_document"]
