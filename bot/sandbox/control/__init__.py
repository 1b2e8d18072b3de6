"""The control port: people, switches and the wire log over HTTP and JSON, for the page, for other processes, for curl.

It answers on 127.0.0.1 only, and only pages of this machine. A caller's mistake is 400 or 404 with ``{"error": ...}``.

Both sides
    GET  /environment                         the variables a bot needs to live here
    GET  /wire?after=N&wait=S                 wire log from entry N on; waits up to S seconds (60 at most) for the first
    GET  /wire/stream?after=N                 the same as server-sent events; ``Last-Event-ID`` continues it

Slack: acts take their arguments, named as in ``bot.sandbox.slack.actions``, as a JSON object
    POST /slack/drop                          channel, files; JSON files are ``{name, base64, shape, declared,
                                              copy_base64}``, or multipart with the files as parts
    POST /slack/say /slack/edit /slack/unfurl /slack/delete /slack/react /slack/unreact
    POST /slack/share /slack/forward /slack/delete_file /slack/finish_transcript
    POST /slack/command /slack/shortcut /slack/press /slack/press_in_view /slack/submit /slack/suggest
    POST /slack/open_home /slack/execute_function
    POST /slack/new_channel /slack/new_user /slack/new_usergroup /slack/invite /slack/kick
    POST /slack/archive /slack/unarchive /slack/delete_channel /slack/move_channel /slack/uninstall
    POST /slack/connect                       url of the bot's events, or none for Socket Mode
    POST /slack/disconnect /slack/cut         Socket Mode: tell the sockets to go (reason, close), or abort them
    POST /slack/release_events                order: as_withheld, reversed, shuffled
    GET  /slack/switches                      what goes wrong now; PATCH sets the named ones, all or none
    GET  /slack/workspace                     channels and people
    GET  /slack/history?channel=C             everything in a channel but plain replies, oldest first
    GET  /slack/thread?channel=C&ts=T         a root and its replies
    GET  /slack/ephemerals?channel=C&user=U   what only single persons see
    GET  /slack/views?user=U                  open modals and the Home tab
    GET  /slack/files/{file}                  the bytes of a file

Linq: acts take their arguments, named as in ``bot.sandbox.linq.phone`` and ``.administration``, as a JSON object
    POST /linq/send /linq/write_to_line       files are ``{name, base64, content_type, mime_type}``, or multipart
    POST /linq/send_link /linq/send_parts /linq/edit /linq/read /linq/react /linq/unreact
    POST /linq/opt_out /linq/opt_in /linq/join /linq/leave /linq/rename /linq/switch_service
    POST /linq/share_contact                  picture_base64 is the photo
    POST /linq/add_line /linq/add_chat /linq/move_chat /linq/set_condition /linq/set_chat_health /linq/set_line
    POST /linq/advance                        message_id, status: move a message of ours by hand
    POST /linq/emit /linq/stray /linq/release_webhooks
    POST /linq/subscribe /linq/disable_subscriptions /linq/schedule_token_expiry
    GET  /linq/switches                       what goes wrong now; PATCH sets the named ones, all or none
    GET  /linq/chats                          every chat
    GET  /linq/chats/{chat_id}/messages       everything in a chat, oldest first, as the API shows it
    GET  /linq/chats/{chat_id}/memos          the voice memos of ours in a chat
    GET  /linq/memos/{message_id}             one of them
    GET  /linq/media/{message_id}/{part}      the bytes of a media part, counted from 0

The page adds its own routes below ``/page``; see ``bot.sandbox.page.page``.
"""
