"""The tests that Okta publishes for SCIM servers."""
