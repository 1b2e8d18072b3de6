"""The page: the sandbox as a person sees it, Slack on the left, an iPhone on the right, the wire between them.

What it shows of a delivery comes from the wire log and from both sides, never from the bot.
"""
