"""The API of the stand-in for Entra ID."""
