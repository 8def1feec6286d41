"""Moving house: a directory as JSON Lines, out of one database and into another."""
