"""Writing an M4A of whatever sound a file holds. Only worker processes import this."""
