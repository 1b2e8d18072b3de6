"""What a campaign is about: who talks, where the bot dies, and how it is judged."""

from tests.crash import audit as links
from tests.crash.audit import Findings
from tests.crash.boundaries import Subject
from tests.crash.holds import audit as holds
from tests.crash.holds.traffic import HoldsTraffic
from tests.crash.inbox import audit as inbox
from tests.crash.inbox.traffic import InboxTraffic
from tests.crash.traffic import Traffic

TRAFFIC: dict[Subject, type[Traffic]] = {"links": Traffic, "inbox": InboxTraffic, "holds": HoldsTraffic}


def audit_of(traffic: Traffic) -> Findings:
    match traffic:
        case InboxTraffic():
            return inbox.audit(traffic)
        case HoldsTraffic():
            return holds.audit(traffic)
    return links.audit(traffic)
