"""Where the local Slack listens, known once it has started."""

from dataclasses import dataclass


@dataclass
class Origins:
    """Origins without a trailing slash; ``foreign`` is a second listener, a host that is not Slack's."""

    slack: str = ""
    foreign: str = ""
