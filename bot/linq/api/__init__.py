"""Linq's API, called through Linq's own SDK."""
