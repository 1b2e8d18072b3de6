"""Webhooks: what they say, how they are signed, and how they reach their subscribers."""
