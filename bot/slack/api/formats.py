"""What Slack plays in place. AAC in M4A gets a player with its length; Opus under a wrong name showed up as an empty
video (mautrix/slack, changelog v26.05), so everything else becomes that."""

from collections.abc import Mapping

from bot.relay.media.formats import AcceptedFormat

FILE_BYTES = 1024 * 1024 * 1024
"""slack_sdk 3.48 refuses larger uploads itself."""

SHOWN_AS: Mapping[str, str] = {"image/heic": "image/jpeg", "image/heif": "image/jpeg"}
"""Pictures that not every Slack client shows go with a copy that it does."""

PLAYABLE: Mapping[str, AcceptedFormat] = {"m4a": AcceptedFormat("audio/mp4", "m4a", frozenset({"aac"}))}
