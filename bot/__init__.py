"""memobridge: a Slack channel and an iMessage chat hear each other, and the thread tells the truth about it.

The map, the laws and where each is kept: ``README.md`` in this folder.
"""

__version__ = "0.1.0"
