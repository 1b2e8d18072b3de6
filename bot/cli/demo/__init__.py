"""``memobridge demo``: the real bot between a local Slack and a local Linq, on a page or in the terminal.

The bot runs as ``memobridge run`` would, in a process of its own on an embedded database in a temporary folder.
"""
