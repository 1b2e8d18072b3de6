"""The Linq adapter: the relay's words into Linq's API, and Linq's webhooks and lists into the relay's words.

``adapter`` is what the rest of the bot sees. ``inbound`` reads what Linq tells us, by webhook or by its lists of
messages; ``api`` calls it. Both share the ids (``ids``), the payloads (``schemas``, by the lenient ``fields``), and
what goes both ways: ``text``, ``tapbacks``, ``receipts``.
"""
