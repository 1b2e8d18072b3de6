"""Where the toy Slack listens, known once it has started."""

from dataclasses import dataclass


@dataclass
class Origins:
    """Origins without a trailing slash; ``foreign`` is a second listener that plays a host not Slack's."""

    origin: str = ""
    foreign: str = ""
