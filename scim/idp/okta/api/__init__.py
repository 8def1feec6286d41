"""The API of the stand-in for Okta."""
