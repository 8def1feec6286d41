"""Stand-in identity providers, which provision into any SCIM server as the real ones do."""
