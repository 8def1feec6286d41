"""A receiver to try deliveries with: it verifies what arrives, and says what that means."""
