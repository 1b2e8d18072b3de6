-- What the bot remembers. Rows hold facts and names, never bytes. Columns hold the relay's words: ids are opaque text that
-- only the adapter of their network reads, and ``parts``, ``prepared`` and ``settings`` are the relay's values as JSON.
-- The function ``enqueue_jobs`` belongs to the jobs package, whose schema is applied first.

-- Written by the health check: a database may answer and take no writes.
CREATE TABLE health (
    id         integer PRIMARY KEY CHECK (id = 1),
    written_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE links (
    room       text NOT NULL,
    from_file  boolean NOT NULL DEFAULT false, -- a link made by a person lies over one of the links file
    peer       text NOT NULL,
    line       text,                           -- that holds the peer, as far as it is known
    peer_key   text NOT NULL DEFAULT '',       -- stays the same when the peer goes on under another id
    moved_from text,                           -- the peer that was linked, before it moved
    is_group   boolean NOT NULL DEFAULT false,
    is_inbox   boolean NOT NULL DEFAULT false, -- the peer is a line: each of its chats gets a thread in the room
    inbox      text,                           -- the room that takes the line, of a link that was made for one chat of it
    label      text NOT NULL,
    made_by    text NOT NULL,
    settings   jsonb NOT NULL DEFAULT '{}',
    mode_at    timestamptz,                    -- since when its mode is what it is; none: since it was made
    senders_at timestamptz,                    -- the same of who may send
    spoken_at  timestamptz,                    -- when its peer was first spoken to from here
    health     text NOT NULL DEFAULT '',       -- how the peer stands
    health_at  timestamptz,
    made_at    timestamptz NOT NULL DEFAULT now(),
    heard_since timestamptz,                   -- since when its peer was heard, if that was before it was made
    PRIMARY KEY (room, from_file)
);

CREATE INDEX links_peer ON links (peer);
CREATE INDEX links_peer_key ON links (peer_key) WHERE peer_key <> '';
CREATE INDEX links_inbox ON links (inbox) WHERE inbox IS NOT NULL;
CREATE INDEX links_inboxes ON links (room) WHERE is_inbox;

-- What is known of a source message beside its deliveries: that its parts were accepted, so that it is never accepted into
-- another room after its link changed, and that it was deleted, also when that was told before the message itself.
CREATE TABLE messages (
    id           text PRIMARY KEY,
    known_at     timestamptz NOT NULL DEFAULT now(),
    accepted_at  timestamptz,
    withdrawn_at timestamptz,
    kept         text[]                        -- the keys of the parts that are left, once something was withdrawn
);

CREATE INDEX messages_known ON messages (known_at);

-- Handles and names of the people at the other end stand here and nowhere else.
CREATE TABLE people (
    id         text PRIMARY KEY,
    handle     text NOT NULL,
    name       text NOT NULL DEFAULT '',
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- What each person holds on a message, in the network where they put it there.
CREATE TABLE reactions (
    about   text NOT NULL,
    part    text NOT NULL,
    person  text NOT NULL,
    emoji   text NOT NULL,
    is_held boolean NOT NULL,
    at      timestamptz NOT NULL,
    changes integer NOT NULL DEFAULT 0,
    PRIMARY KEY (about, part, person, emoji)
);

CREATE INDEX reactions_at ON reactions (at);

-- Up to where a room's history is known to have been told. Sends out of a room wait while it has a gap: what was missed
-- goes before what is new.
CREATE TABLE marks (
    room         text PRIMARY KEY,
    read_up_to   timestamptz NOT NULL DEFAULT now(),
    pass_began   timestamptz,                  -- the pass that is being read, from its end backwards
    cursor       text NOT NULL DEFAULT '',
    has_gap      boolean NOT NULL DEFAULT false,
    gap_since    timestamptz,
    checked_at   timestamptz NOT NULL DEFAULT now(),
    leased_until timestamptz NOT NULL DEFAULT '-infinity'
);

CREATE INDEX marks_gap ON marks (leased_until, checked_at) WHERE has_gap;
CREATE INDEX marks_checked ON marks (checked_at) WHERE NOT has_gap;

CREATE TABLE notices (
    id            text PRIMARY KEY,            -- its source message
    room          text NOT NULL,
    posted_as     text,
    posting_since timestamptz,
    shown         text NOT NULL DEFAULT '',
    requested     bigint NOT NULL,             -- how many changes asked to be shown
    started       bigint NOT NULL DEFAULT 0,   -- how many of them a refresh has taken up
    retry_at      timestamptz                  -- when a refresh is due that could not be done
);

CREATE INDEX notices_retry ON notices (retry_at) WHERE retry_at IS NOT NULL;
CREATE INDEX notices_requested ON notices (id) WHERE requested > started;

CREATE TABLE deliveries (
    id              text PRIMARY KEY,
    entered         bigint GENERATED ALWAYS AS IDENTITY,
    source          text NOT NULL,
    origin          text NOT NULL,
    target          text NOT NULL,
    sender          text NOT NULL,
    parts           jsonb NOT NULL,
    ordered_at      timestamptz NOT NULL,
    position        integer NOT NULL,
    about           text,
    notice_room     text,
    dedup_key       text UNIQUE,
    is_explicit     boolean NOT NULL,
    is_broadcast    boolean NOT NULL DEFAULT false,  -- a reply that is shown beside its thread, too
    replaces        text,
    state           text NOT NULL DEFAULT 'waiting',
    fence           bigint NOT NULL DEFAULT 0,
    attempts        integer NOT NULL DEFAULT 0,
    retry_at        timestamptz,
    not_before      timestamptz,
    awaits_approval boolean NOT NULL DEFAULT false,
    held_for        text NOT NULL DEFAULT '',  -- why it was held, also once it is no longer
    decided_by      text,                      -- who sent what was held, gave it another hour, or cancelled it
    is_late         boolean NOT NULL DEFAULT false,
    withdrawn       boolean NOT NULL DEFAULT false,  -- its message lost something while it was being sent
    edited_at       timestamptz,               -- when its text was written, where that replaced another
    accepted_at     timestamptz NOT NULL DEFAULT now(),
    preparing_since timestamptz,
    sending_since   timestamptz,
    prepared        jsonb,
    sent_as         text UNIQUE,
    sent_in         text,
    trace_id        text NOT NULL DEFAULT '',
    fetched_at      timestamptz,
    reason          text NOT NULL DEFAULT '',
    code            text NOT NULL DEFAULT '',
    remedy          text NOT NULL DEFAULT '',
    alerted         text NOT NULL DEFAULT '',
    url_token       text,                      -- the digest of a token, never the token
    url_expires_at  timestamptz,
    polls           integer NOT NULL DEFAULT 0,
    next_poll_at    timestamptz
);

CREATE INDEX deliveries_open ON deliveries (target, ordered_at, position, entered)
    WHERE state IN ('waiting', 'prepared', 'sending');
-- Waits that are over are looked for every second: by these, ten thousand that wait cost nothing.
CREATE INDEX deliveries_retry ON deliveries (retry_at) WHERE retry_at IS NOT NULL;
-- One that was cancelled while it was held keeps its hour, and is looked for no more.
CREATE INDEX deliveries_not_before ON deliveries (not_before)
    WHERE not_before IS NOT NULL AND state IN ('waiting', 'prepared', 'sending');
CREATE INDEX deliveries_source ON deliveries (source);
CREATE INDEX deliveries_media ON deliveries ((prepared -> 0 -> 'media' ->> 0)) WHERE prepared IS NOT NULL;
CREATE INDEX deliveries_about ON deliveries (about) WHERE about IS NOT NULL;
CREATE INDEX deliveries_trace ON deliveries (trace_id) WHERE trace_id <> '';
CREATE INDEX deliveries_replaces ON deliveries (replaces) WHERE replaces IS NOT NULL;
CREATE INDEX deliveries_url ON deliveries (url_token) WHERE url_token IS NOT NULL;
CREATE INDEX deliveries_poll ON deliveries (next_poll_at) WHERE next_poll_at IS NOT NULL;
CREATE INDEX deliveries_accepted ON deliveries (accepted_at);
-- What a person has to look after, and what went last, by room.
CREATE INDEX deliveries_attention ON deliveries (origin, accepted_at)
    WHERE awaits_approval OR held_for <> '' OR state IN ('failed', 'unconfirmed') OR alerted <> '';
-- For the metrics, which are read every few seconds.
CREATE INDEX deliveries_lost ON deliveries (accepted_at) WHERE state IN ('failed', 'unconfirmed');

CREATE TABLE receipts (
    id           text PRIMARY KEY,
    kind         text NOT NULL,
    at           timestamptz NOT NULL,
    source       text NOT NULL,
    message      text,
    attachments  text[] NOT NULL,
    delivery     text,
    trace_id     text NOT NULL,
    is_final     boolean NOT NULL,
    reason       text NOT NULL,
    code         text NOT NULL,
    remedy       text NOT NULL,
    confirmed_by text,
    came_at      timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX receipts_message ON receipts (message) WHERE message IS NOT NULL;
CREATE INDEX receipts_trace ON receipts (trace_id) WHERE message IS NULL;
CREATE INDEX receipts_delivery ON receipts (delivery) WHERE delivery IS NOT NULL;
CREATE INDEX receipts_came ON receipts (came_at);
CREATE INDEX receipts_failed ON receipts (came_at) WHERE kind = 'failed';

-- Deliveries with their receipts: what a notice, a poll and an operator are shown. A receipt that names no message, as a
-- failure may, is known by the trace of the call that made it.
CREATE VIEW deliveries_with_receipts AS SELECT deliveries.*, (
    SELECT json_agg(receipts ORDER BY at, came_at, id) FROM receipts
    WHERE receipts.message = deliveries.sent_as OR receipts.delivery = deliveries.id
    OR receipts.message IS NULL AND receipts.delivery IS NULL AND receipts.trace_id = nullif(deliveries.trace_id, '')
) AS receipts, EXISTS (
    SELECT FROM deliveries AS again WHERE again.replaces = deliveries.id AND again.source = deliveries.source
) AS is_replaced FROM deliveries;
