"""memobridge: audio dropped in Slack arrives in iMessage as a voice memo, and its thread tells the truth about it.

The map. Imports run downwards only; the relay imports nobody.

    __main__.py    the command line: run, check, demo, links, deliveries, sandbox, migrate
    cli/           what each command does
    app/           the composition root: settings → clients → relay → doors → server; start, stop, drain; health
    server.py      the HTTP routes on one screen
    slack/         the Slack door: parse, client, listeners, blocks; over HTTP and Socket Mode
    linq/          the Linq door: parse, client, webhooks, limits; every error code and what it allows
    audio/         what a clip is, how long it sounds, and a copy that Linq takes; decoding in processes of its own
    store/         the memory: schema and SQL, group commits, the embedded PostgreSQL
    jobs/          procrastinate: order per chat, retries, sweeps, take-over of what a dead process left
    media_route.py   the route that hands out lent clips, with TRANSFER=url
    telemetry.py   JSON log lines and Prometheus counters, both fed by ordinary logging records
    relay/         the heart, in plain Python: model, ports, errors, then the promise itself
        deliveries.py accept, prepare, send, record: the one place that orders effects
        media/transfer.py prepare: Slack's bytes → an attachment at Linq
        media/spool.py a copy on disk meanwhile, read while it grows
        media/prefetch.py head starts: prepared before its turn comes, where there is time for it
        backpressure.py while a crowd waits at the door, answers come before memos
        receipts.py    receipts → status by rank; silence is checked
        notices.py     status → the one message in the thread
        links.py       one chat per channel, who may, what unlink leaves behind
        user_actions.py Resend and "it arrived"
        media/temporary_urls.py a link of our own for one delivery
        retry.py every wait, as a number
    sandbox/       the toy world: a local Slack and a local Linq over HTTP; imports nothing of the bot
"""

__version__ = "0.1.0"
