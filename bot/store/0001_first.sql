-- What the bot remembers. A delivery row holds facts and names, never bytes.

CREATE TABLE links (
    channel   text NOT NULL,
    from_file boolean NOT NULL DEFAULT false,  -- a link made in Slack lies over one of the links file
    chat      text NOT NULL,
    label     text NOT NULL,
    made_by   text NOT NULL,
    made_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (channel, from_file)
);

CREATE TABLE notices (
    id            text PRIMARY KEY,
    channel       text NOT NULL,
    root_ts       text NOT NULL,
    ts            text,
    posting_since timestamptz,
    shown         text NOT NULL DEFAULT '',
    wanted        bigint NOT NULL,             -- how many changes asked to be shown
    taken         bigint NOT NULL DEFAULT 0    -- how many of them a turn has taken up
);

CREATE INDEX notices_untold ON notices (id) WHERE wanted > taken;

CREATE TABLE deliveries (
    id            text PRIMARY KEY,
    entered       bigint GENERATED ALWAYS AS IDENTITY,
    notice        text NOT NULL,
    team          text NOT NULL,
    channel       text NOT NULL,
    message_ts    text NOT NULL,
    root_ts       text NOT NULL,
    user_id       text NOT NULL,
    file_id       text NOT NULL,
    name          text NOT NULL,
    url           text NOT NULL,               -- blank once nobody needs it any more
    size_bytes    bigint NOT NULL,
    mimetype      text NOT NULL,
    given_url     text NOT NULL,
    chat          text NOT NULL,
    asked_at      double precision NOT NULL,
    position      integer NOT NULL,
    twin          text NOT NULL,
    replaces      text,
    step          text NOT NULL DEFAULT 'waiting',
    fence         bigint NOT NULL DEFAULT 0,
    attempts      integer NOT NULL DEFAULT 0,
    accepted_at   timestamptz NOT NULL DEFAULT now(),
    sending_since timestamptz,
    due_at        timestamptz,
    attachment    text,
    sound         jsonb,
    memo          text,
    trace_id      text NOT NULL DEFAULT '',
    fetched_at    timestamptz,
    reason        text NOT NULL DEFAULT '',
    code          text NOT NULL DEFAULT '',
    alarmed       boolean NOT NULL DEFAULT false,
    lent_to       text,                        -- the digest of a token, never the token
    lent_until    timestamptz,
    looks         integer NOT NULL DEFAULT 0,
    next_look_at  timestamptz
);

CREATE UNIQUE INDEX deliveries_twin ON deliveries (team, channel, twin, file_id) WHERE twin <> '';
CREATE INDEX deliveries_open ON deliveries (chat, asked_at, position, entered)
    WHERE step IN ('waiting', 'prepared', 'sending');
CREATE INDEX deliveries_notice ON deliveries (notice);
CREATE INDEX deliveries_message ON deliveries (channel, message_ts);
CREATE UNIQUE INDEX deliveries_memo ON deliveries (memo) WHERE memo IS NOT NULL;
CREATE INDEX deliveries_attachment ON deliveries (attachment) WHERE attachment IS NOT NULL;
CREATE INDEX deliveries_trace ON deliveries (trace_id) WHERE trace_id <> '';
CREATE INDEX deliveries_replaces ON deliveries (replaces) WHERE replaces IS NOT NULL;
CREATE INDEX deliveries_lent ON deliveries (lent_to) WHERE lent_to IS NOT NULL;
CREATE INDEX deliveries_silent ON deliveries (next_look_at) WHERE next_look_at IS NOT NULL;
CREATE INDEX deliveries_accepted ON deliveries (accepted_at);

CREATE TABLE receipts (
    id          text PRIMARY KEY,
    kind        text NOT NULL,
    at          timestamptz NOT NULL,
    memo        text,
    attachments text[] NOT NULL,
    delivery    text,
    trace_id    text NOT NULL,
    service     text NOT NULL,
    is_group    boolean NOT NULL,
    reason      text NOT NULL,
    code        text NOT NULL,
    came_at     timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX receipts_memo ON receipts (memo) WHERE memo IS NOT NULL;
CREATE INDEX receipts_trace ON receipts (trace_id) WHERE memo IS NULL;
CREATE INDEX receipts_delivery ON receipts (delivery) WHERE delivery IS NOT NULL;
CREATE INDEX receipts_came ON receipts (came_at);
