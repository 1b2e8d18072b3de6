"""The fault switches of the page."""
