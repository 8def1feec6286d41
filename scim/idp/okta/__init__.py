"""A stand-in for Okta."""
