"""Asking Slack about files that came as stubs, before they are accepted: for files without sound we stay silent."""

import asyncio
import logging
from collections.abc import Collection
from dataclasses import replace

from bot.relay.errors import Refused
from bot.relay.model import Clip, Share
from bot.slack.files import Judgement, clip_of, judge
from bot.slack.lookups import Lookups
from bot.slack.parse import Drop

log = logging.getLogger("memobridge.slack")

ASK_WITHIN_S = 2.0  # Slack waits three seconds for the answer to an event
GONE = frozenset({"file_deleted", "file_not_found"})


async def resolve(drop: Drop, lookups: Lookups, wanted: Collection[Judgement] = (Judgement.AUDIO,)) -> Share | None:
    """The share without what turned out to be nothing for us; None when nothing is left.

    A file that Slack will not tell us about stays in: it fails where its owner can see it. Raises RetryLater.
    """
    if not drop.unjudged:
        return drop.share
    clips = await asyncio.gather(*(_judged(clip, drop, lookups, wanted) for clip in drop.share.clips))
    found = tuple(clip for clip in clips if clip is not None)
    return replace(drop.share, clips=found) if found else None


async def _judged(clip: Clip, drop: Drop, lookups: Lookups, wanted: Collection[Judgement]) -> Clip | None:
    if clip.file_id not in drop.unjudged:
        return clip
    try:
        file = await lookups.file(clip.file_id, timeout_s=ASK_WITHIN_S)
    except Refused as no:
        return None if no.code in GONE else clip
    verdict = judge(file)
    if verdict is Judgement.UNKNOWN:
        log.warning("file not judged", extra={"file": clip.file_id})
    return clip_of(file) if verdict in wanted else None
