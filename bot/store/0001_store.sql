-- What the bot remembers. Rows hold facts and names, never bytes. Columns hold the relay's words: ids are opaque text that
-- only the adapter of their network reads, and ``parts``, ``prepared`` and ``settings`` are the relay's values as JSON.
-- The function ``enqueue_jobs`` belongs to the jobs package, whose schema is applied first.

-- Written by the health check: a database may answer and take no writes.
CREATE TABLE health (
    id         integer PRIMARY KEY CHECK (id = 1),
    written_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE links (
    room      text NOT NULL,
    from_file boolean NOT NULL DEFAULT false,  -- a link made by a person lies over one of the links file
    peer      text NOT NULL,
    label     text NOT NULL,
    made_by   text NOT NULL,
    settings  jsonb NOT NULL DEFAULT '{}',
    made_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (room, from_file)
);

CREATE INDEX links_peer ON links (peer);

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
    replaces        text,
    state           text NOT NULL DEFAULT 'waiting',
    fence           bigint NOT NULL DEFAULT 0,
    attempts        integer NOT NULL DEFAULT 0,
    retry_at        timestamptz,
    not_before      timestamptz,
    awaits_approval boolean NOT NULL DEFAULT false,
    is_late         boolean NOT NULL DEFAULT false,
    withdrawn       boolean NOT NULL DEFAULT false,  -- its message was deleted while it was being sent
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
CREATE INDEX deliveries_not_before ON deliveries (not_before) WHERE not_before IS NOT NULL;
CREATE INDEX deliveries_source ON deliveries (source);
CREATE INDEX deliveries_media ON deliveries ((prepared -> 0 ->> 'media')) WHERE prepared IS NOT NULL;
CREATE INDEX deliveries_trace ON deliveries (trace_id) WHERE trace_id <> '';
CREATE INDEX deliveries_replaces ON deliveries (replaces) WHERE replaces IS NOT NULL;
CREATE INDEX deliveries_url ON deliveries (url_token) WHERE url_token IS NOT NULL;
CREATE INDEX deliveries_poll ON deliveries (next_poll_at) WHERE next_poll_at IS NOT NULL;
CREATE INDEX deliveries_accepted ON deliveries (accepted_at);

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

-- Deliveries with their receipts: what a notice, a poll and an operator are shown. A receipt that names no message, as a
-- failure may, is known by the trace of the call that made it.
CREATE VIEW deliveries_with_receipts AS SELECT deliveries.*, (
    SELECT json_agg(receipts ORDER BY at, came_at, id) FROM receipts
    WHERE receipts.message = deliveries.sent_as OR receipts.delivery = deliveries.id
    OR receipts.message IS NULL AND receipts.delivery IS NULL AND receipts.trace_id = nullif(deliveries.trace_id, '')
) AS receipts, EXISTS (
    SELECT FROM deliveries AS again WHERE again.replaces = deliveries.id AND again.source = deliveries.source
) AS is_replaced FROM deliveries;

-- What outlives a delivery of its parts: kinds, file names and sizes, no content and no address.
CREATE FUNCTION without_content(parts jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_agg(part - '{media_hint,text,spans,names}'::text[] ORDER BY place), '[]')
    FROM jsonb_array_elements(parts) WITH ORDINALITY AS given (part, place)
$$;

-- What is kept after it was sent and may still fail: a person may want it sent again.
CREATE FUNCTION without_hints(parts jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_agg(part - 'media_hint' ORDER BY place), '[]')
    FROM jsonb_array_elements(parts) WITH ORDINALITY AS given (part, place)
$$;

-- How a changed fact requests a refresh of its notice, in the same transaction. ``requested`` counts the changes that ask
-- to be shown, ``started`` those that a refresh has taken up. A refresh first sets ``started = requested`` and reads the
-- facts in a second statement. The row lock puts every change either before that (then the refresh reads the fact) or
-- after it (then ``requested - 1 = started``, nobody else will come, and the change enqueues a refresh itself). So no
-- change is lost, and a hundred changes before a refresh ask for one.
CREATE FUNCTION request_refresh(names text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    due text[];
BEGIN
    WITH asked AS (
        UPDATE notices SET requested = requested + 1 WHERE id = ANY (names) RETURNING id, requested - 1 = started AS is_due
    )
    SELECT array_agg(id) INTO due FROM asked WHERE is_due;
    PERFORM enqueue_jobs('refresh_notice', due);
END;
$$;

-- A refresh in one round trip. Every refresh has a number of its own, so that of two with no change between them each is
-- known from the other. Gives the notice as it was found, NULL where there is none. Whoever finds one that is not known to
-- be posted is about to post it, and that must be known on disk before. While more than one may have posted,
-- ``posting_since`` stays although the notice is posted: one of them may have been frozen, and its post still come.
CREATE FUNCTION begin_refresh(which text) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    mine notices;
BEGIN
    SELECT * INTO mine FROM notices WHERE id = which FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    mine.started = mine.requested + 1;
    UPDATE notices SET requested = mine.started, started = mine.started, retry_at = NULL,
        posting_since = CASE WHEN posted_as IS NULL THEN coalesce(posting_since, now()) ELSE posting_since END
    WHERE id = which;
    IF mine.posted_as IS NULL THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    RETURN (
        SELECT json_build_object(
            'notice', mine,
            'is_source_gone', EXISTS (SELECT FROM messages WHERE id = which AND withdrawn_at IS NOT NULL AND kept = '{}'),
            'deliveries', json_agg(told ORDER BY position, ordered_at, entered))
        FROM deliveries_with_receipts AS told WHERE source = which AND NOT is_replaced);
END;
$$;

-- Its parts are no longer wanted, or only those with the ``kept_keys`` are: what has not been sent will not be, what is
-- being sent just now is cancelled should it turn out that it surely was not, and what is accepted later is left out.
CREATE FUNCTION withdraw(which text, rooms text[], kept_keys text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    targets text[];
BEGIN
    INSERT INTO messages (id, withdrawn_at, kept) SELECT which, now(), kept_keys
    WHERE EXISTS (SELECT FROM links WHERE room = ANY (rooms)) OR EXISTS (SELECT FROM deliveries WHERE source = which)
    ON CONFLICT (id) DO UPDATE SET withdrawn_at = now(), kept = CASE
        WHEN messages.kept IS NULL THEN excluded.kept
        ELSE ARRAY(SELECT unnest(messages.kept) INTERSECT SELECT unnest(excluded.kept)) END;
    WITH changed AS (
        UPDATE deliveries SET withdrawn = true, reason = '', code = '', remedy = '', retry_at = NULL,
            state = CASE state WHEN 'sending' THEN state ELSE 'cancelled' END,
            parts = CASE state WHEN 'sending' THEN parts ELSE without_content(parts) END
        WHERE source = which AND state IN ('waiting', 'prepared', 'sending')
            AND NOT parts -> 0 ->> 'key' = ANY (kept_keys)
        RETURNING target
    )
    SELECT array_agg(DISTINCT target) INTO targets FROM changed;
    PERFORM request_refresh(ARRAY[which]);
    PERFORM enqueue_jobs('send_next', targets);  -- what comes after it may have waited for its time
END;
$$;

-- A receipt and our own record of its message may be committed side by side, and neither would see the other. Both take
-- these locks first, so one comes second and its next statement sees the first; sorted, so that no two wait for each
-- other. What follows looks into indexes by scalar subqueries: of given rows the server cannot know that they are few,
-- and would read whole tables to join them.
CREATE FUNCTION lock_names(names text[]) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM (
        SELECT DISTINCT name FROM unnest(names) AS name WHERE name <> '' ORDER BY name) AS sorted
$$;

-- Our own side's messages are also told by their network. What turns out to be ours was carried already.
CREATE FUNCTION forget_told_by_others(sent text[]) RETURNS void LANGUAGE sql AS $$
    UPDATE deliveries SET state = 'cancelled', parts = without_content(parts)
    WHERE source = ANY (sent) AND state IN ('waiting', 'prepared')
        AND EXISTS (SELECT FROM deliveries AS ours WHERE ours.sent_as = deliveries.source)
$$;

CREATE FUNCTION add_receipts(given jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    changed text[];
    recorded text[];
BEGIN
    PERFORM lock_names(ARRAY(
        SELECT coalesce(message, trace_id) FROM jsonb_populate_recordset(NULL::receipts, given)));

    WITH fresh AS (
        INSERT INTO receipts (id, kind, at, source, message, attachments, delivery, trace_id, is_final, reason, code,
            remedy, confirmed_by)
        SELECT id, kind, at, source, message, attachments, delivery, trace_id, is_final, reason, code, remedy, confirmed_by
        FROM jsonb_populate_recordset(NULL::receipts, given)
        ON CONFLICT DO NOTHING
        RETURNING kind, is_final, message, attachments, delivery, trace_id
    ), adopted AS (
        UPDATE deliveries SET state = 'recorded', sent_as = fresh.message, trace_id = fresh.trace_id, reason = '',
            code = '', remedy = '', retry_at = NULL, next_poll_at = now() + interval '30 seconds',
            parts = without_hints(parts)
        FROM fresh
        WHERE deliveries.id = (
            SELECT id FROM deliveries WHERE prepared -> 0 ->> 'media' = ANY (fresh.attachments) AND sent_as IS NULL
            ORDER BY entered LIMIT 1)
            AND fresh.message IS NOT NULL AND (SELECT id FROM deliveries WHERE sent_as = fresh.message) IS NULL
        RETURNING deliveries.source, target
    ), affected AS (
        SELECT adopted.source FROM adopted UNION ALL SELECT coalesce(
            (SELECT deliveries.source FROM deliveries WHERE id = fresh.delivery),
            (SELECT deliveries.source FROM deliveries WHERE sent_as = fresh.message),
            (SELECT deliveries.source FROM deliveries WHERE trace_id = fresh.trace_id AND trace_id <> '' LIMIT 1)
        ) FROM fresh
    )
    SELECT ARRAY(SELECT source FROM affected), ARRAY(SELECT DISTINCT target FROM adopted) INTO changed, recorded;
    UPDATE deliveries SET parts = without_content(parts) WHERE sent_as = ANY (ARRAY(
        SELECT message FROM jsonb_populate_recordset(NULL::receipts, given)
        WHERE kind IN ('delivered', 'read') OR is_final));
    PERFORM forget_told_by_others(ARRAY(SELECT message FROM jsonb_populate_recordset(NULL::receipts, given)));
    PERFORM request_refresh(changed);
    PERFORM enqueue_jobs('send_next', recorded);  -- the room may have waited for this answer
END;
$$;

-- A delivery has become this message: what the network said of it with the same breath and the fact itself, in one round
-- trip. The locks are those of ``add_receipts``, in its order, so that two who say the same come one after the other.
-- False when the message belongs to another delivery. ``poll``: its status comes later, and it may still fail.
CREATE FUNCTION record_sent(which text, its_message text, its_thread text, its_trace text, first jsonb, poll boolean)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    changed text;
BEGIN
    PERFORM lock_names(ARRAY[coalesce(its_message, ''), its_trace]);
    PERFORM add_receipts(first);
    IF EXISTS (SELECT FROM deliveries WHERE sent_as = its_message AND id <> which) THEN
        RETURN false;
    END IF;
    -- The receipt may have brought it here already, by its attachment.
    UPDATE deliveries SET state = 'recorded', sent_as = its_message, sent_in = its_thread, trace_id = its_trace,
        reason = '', code = '', remedy = '', retry_at = NULL,
        parts = CASE WHEN poll THEN without_hints(parts) ELSE without_content(parts) END,
        next_poll_at = CASE WHEN poll AND its_message IS NOT NULL THEN now() + interval '30 seconds' END
    WHERE id = which AND (state <> 'recorded' OR sent_as IS DISTINCT FROM its_message) RETURNING source INTO changed;
    IF FOUND THEN
        PERFORM forget_told_by_others(ARRAY[its_message]);
        PERFORM request_refresh(ARRAY[changed]);
    END IF;
    RETURN true;
END;
$$;

-- What a message is at the other side: its original, or what it was sent as.
CREATE FUNCTION counterpart(which text, there text) RETURNS TABLE (message text, thread text) LANGUAGE sql STABLE AS $$
    SELECT source, notice_room FROM deliveries WHERE sent_as = which AND origin = there
    UNION ALL SELECT sent_as, sent_in FROM deliveries WHERE source = which AND target = there AND sent_as IS NOT NULL
    LIMIT 1
$$;

-- A reaction changes what its sender holds, if it is newer than what is known. ``given`` are the deliveries that tell the
-- other ends of it. Where it takes the place of another one, they are told of that one's removal, too. ``on_theirs``: only
-- reactions to what came from the other end are told.
CREATE FUNCTION accept_reaction(given jsonb, replaces_former boolean, on_theirs boolean) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    told deliveries;
    which_part text;
    which_emoji text;
    removed boolean;
    former text;
    change integer;
    new text[] = '{}';
BEGIN
    SELECT * INTO told FROM jsonb_populate_recordset(NULL::deliveries, given) LIMIT 1;
    which_part = told.parts -> 0 ->> 'part';
    which_emoji = told.parts -> 0 ->> 'emoji';
    removed = (told.parts -> 0 ->> 'is_removed')::boolean;
    PERFORM pg_advisory_xact_lock(hashtextextended('reaction ' || told.about || told.sender, 0));
    IF replaces_former AND NOT removed THEN
        IF EXISTS (
            SELECT FROM reactions WHERE about = told.about AND part = which_part AND person = told.sender AND is_held
            AND at > told.ordered_at
        ) THEN
            RETURN new;
        END IF;
        FOR former IN
            UPDATE reactions SET is_held = false, at = told.ordered_at, changes = changes + 1
            WHERE about = told.about AND part = which_part AND person = told.sender AND emoji <> which_emoji AND is_held
            RETURNING emoji
        LOOP
            new = new || tell_reaction(given, former, true, on_theirs);
        END LOOP;
    END IF;
    INSERT INTO reactions (about, part, person, emoji, is_held, at)
    VALUES (told.about, which_part, told.sender, which_emoji, NOT removed, told.ordered_at)
    ON CONFLICT (about, part, person, emoji) DO UPDATE
        SET is_held = excluded.is_held, at = excluded.at, changes = reactions.changes + 1
        WHERE reactions.is_held <> excluded.is_held AND reactions.at <= excluded.at
    RETURNING changes INTO change;
    IF change IS NULL OR removed AND change = 0 THEN
        RETURN new;
    END IF;
    RETURN new || tell_reaction(given, which_emoji, removed, on_theirs);
END;
$$;

-- A delivery for each other end. Its id holds how often the reaction has changed, so that a repeat is the same delivery,
-- and putting it there again is another one.
CREATE FUNCTION tell_reaction(given jsonb, which_emoji text, removed boolean, on_theirs boolean) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    new text[];
    targets text[];
BEGIN
    WITH told AS (
        INSERT INTO deliveries (id, source, origin, target, sender, parts, ordered_at, position, about, is_explicit)
        SELECT left(encode(sha256(convert_to(concat_ws('|', each.about, each.sender, which_emoji, held.part,
                held.changes::text, each.target), 'UTF8')), 'hex'), 20),
            each.source, each.origin, each.target, each.sender,
            jsonb_build_array(each.parts -> 0 || jsonb_build_object('emoji', which_emoji, 'is_removed', removed)),
            each.ordered_at, each.position, each.about, true
        FROM jsonb_populate_recordset(NULL::deliveries, given) AS each
        JOIN reactions AS held ON held.about = each.about AND held.part = each.parts -> 0 ->> 'part'
            AND held.person = each.sender AND held.emoji = which_emoji
        WHERE NOT on_theirs OR EXISTS (SELECT FROM deliveries WHERE sent_as = each.about AND origin = each.target)
        ON CONFLICT DO NOTHING
        RETURNING id, target
    )
    SELECT array_agg(id), array_agg(target) INTO new, targets FROM told;
    PERFORM enqueue_jobs('send_next', targets);
    RETURN coalesce(new, '{}');
END;
$$;

-- The text of a message that was not sent yet is replaced where it stands; where it was sent, the other end is told.
-- ``if_carried``: only where the text itself was carried there.
CREATE FUNCTION accept_edit(given jsonb, if_carried boolean) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    each deliveries;
    new text[] = '{}';
    fresh text;
BEGIN
    FOR each IN SELECT * FROM jsonb_populate_recordset(NULL::deliveries, given) ORDER BY id LOOP
        UPDATE deliveries SET parts = with_text(parts, each.parts -> 0)
        WHERE source = each.about AND target = each.target AND state IN ('waiting', 'prepared')
            AND parts @> '[{"kind": "text"}]';
        IF FOUND OR if_carried AND NOT EXISTS (
            SELECT FROM deliveries WHERE source = each.about AND target = each.target AND parts @> '[{"kind": "text"}]'
        ) THEN
            CONTINUE;
        END IF;
        INSERT INTO deliveries (id, source, origin, target, sender, parts, ordered_at, position, about, is_explicit)
        VALUES (each.id, each.source, each.origin, each.target, each.sender, each.parts, each.ordered_at, each.position,
            each.about, true)
        ON CONFLICT DO NOTHING RETURNING id INTO fresh;
        IF FOUND THEN
            new = new || fresh;
            PERFORM enqueue_jobs('send_next', ARRAY[each.target]);
        END IF;
    END LOOP;
    RETURN new;
END;
$$;

-- The first text among the parts becomes that of the edit.
CREATE FUNCTION with_text(parts jsonb, edit jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_agg(
        CASE WHEN place = (
            SELECT min(at) FROM jsonb_array_elements(parts) WITH ORDINALITY AS all_parts (one, at)
            WHERE one ->> 'kind' = 'text')
        THEN part || jsonb_build_object('text', edit -> 'text', 'spans', edit -> 'spans') ELSE part END ORDER BY place)
    FROM jsonb_array_elements(parts) WITH ORDINALITY AS given (part, place)
$$;
