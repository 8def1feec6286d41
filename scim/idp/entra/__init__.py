"""A stand-in for the provisioning service of Microsoft Entra ID."""
