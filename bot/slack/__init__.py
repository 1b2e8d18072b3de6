"""The Slack door. Only this room knows Slack's SDK; it knows the relay and no other room.

In, from Slack:    over_http, over_socket (line) → envelopes → listeners → parse, files, gestures (fields)
                   → commands, presses → answers, cards; resolving asks about stubs
Out, to Slack:     client, lookups, downloads → web (pace, errors)
What people see:   blocks, words, cards (escaping)
Put together by:   door; what it asks of the relay is in ports
"""
