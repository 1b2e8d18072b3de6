"""The Slack adapter. Only this package knows Slack's SDK; it knows the relay and no other package of the bot.

adapter.py    puts it together: the relay's network "slack", and what receives Slack's requests
ids.py        ids of rooms, messages, people, media: made and read here alone
fields.py     reading Slack's JSON without trusting it
emoji.py      short names and Unicode
files.py      file objects: what they claim to be, where their bytes are
ports.py      what is asked of the relay
diagnosis.py  what ``check`` asks
inbound/      http_receiver, socket_receiver (socket_client) → envelope → dispatch → events
              parse (message_text): payload → facts; resolve: facts → the relay's messages; history and
              deletions: backfill
api/          web_api (rate_limit, errors), identity, directory; media (downloads): files in and out;
              sender (attachments), status_board, messages: reading back what was posted
actions/      interactions → commands, shortcuts, buttons → replies (responder); public_url
ui/           notice_blocks, notice_text, contact_message, announcements, remedies; mrkdwn: escaping; blocks
"""
