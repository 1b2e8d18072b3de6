"""What a person can do about a failure, in Slack's words. The relay and the adapters only name it. Pure."""

from bot.relay.errors import Remedy

COMMAND = "/voicememo"

WORDS = {
    Remedy.NONE: "",
    Remedy.RESEND: "Press *Resend* to send it again.",
    Remedy.CHECK_THEN_RESEND: "Look on the other side whether it arrived; if it did not, press *Resend*.",
    Remedy.LINK_AGAIN: f"Link this channel again with `{COMMAND} link`.",
    Remedy.INVITE_BOT: "Invite the bot with `/invite`.",
    Remedy.RESTORE_ROOM: "Unarchive the channel, or link another one.",
    Remedy.SEND_FILE_AGAIN: "Send it as a new message once it is mended.",
    Remedy.WAIT_FOR_CONTACT: "Once they have written to your number, press *Resend*.",
    Remedy.USE_MESSAGE_ACTION: "Use *More actions › Send as voice memo* on the message itself.",
}
NEVER_READABLE = frozenset({Remedy.SEND_FILE_AGAIN})
"""The same file would fail in the same way: sending it again is not offered."""
