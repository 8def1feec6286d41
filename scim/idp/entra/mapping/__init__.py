"""How users and groups of Entra ID become SCIM resources."""
