"""Mail: invitations of new users."""
