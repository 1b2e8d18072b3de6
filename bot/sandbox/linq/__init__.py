"""A local Linq: the API, the hosts for uploads and media, its webhooks, and the people at the other phones.

It is written from the documentation alone; it imports neither the bot nor Linq's own library.
"""
