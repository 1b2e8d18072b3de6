-- What a network tells of our account: how each line stands, and which of its keys will expire. Whose conversation it is, by
-- the person and not by what can still be found of their messages.
CREATE TABLE lines (
    id         text PRIMARY KEY,
    within     text NOT NULL,                  -- the room that holds all lines
    is_flagged boolean NOT NULL DEFAULT false, -- its service is limited
    is_at_risk boolean NOT NULL DEFAULT false, -- its reputation is
    at         timestamptz NOT NULL
);

CREATE TABLE expiring_keys (
    prefix     text PRIMARY KEY,               -- what may be shown of the key
    expires_at timestamptz,                    -- none: it was called off
    at         timestamptz NOT NULL
);

ALTER TABLE links ADD line text;               -- that holds the peer, as far as it is known
UPDATE links SET line = within[1] FROM conversations WHERE conversations.room = links.room AND within <> '{}';
UPDATE links SET health = '', health_at = NULL WHERE is_inbox; -- stands in ``lines`` from now on

-- A line that stands badly, under any link that leads into it. There are a few lines at most.
CREATE FUNCTION is_line_at_risk(link links) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM lines WHERE (is_flagged OR is_at_risk) AND (id IN (link.line, link.peer) OR within = link.peer))
$$;

-- The person who began it. Who was the last to write was looked for among all deliveries: with 20,000 conversations of six
-- messages that read 120,000 rows, 32 ms for a list of ten; this takes 0.09 ms.
ALTER TABLE conversations ADD contact_id text;
UPDATE conversations SET contact_id = (SELECT sender FROM deliveries WHERE sent_as = conversations.root);

-- As people read it; "" where that is not known.
CREATE FUNCTION shown_contact(which conversations) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT coalesce(nullif(name, ''), handle) || CASE WHEN which.is_group THEN ' and others' ELSE '' END
        FROM people WHERE id = which.contact_id), '')
$$;

-- As before, and with the contact of the conversation that it belongs to, none where it belongs to a link that somebody
-- made.
CREATE OR REPLACE FUNCTION begin_refresh(which text) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    mine notices;
BEGIN
    SELECT * INTO mine FROM notices WHERE id = which FOR UPDATE;
    IF NOT FOUND OR mine.retry_at > now() THEN
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
            'contact', (SELECT shown_contact(conversations) FROM conversations WHERE ended_at IS NULL
                AND peer = (SELECT target FROM deliveries WHERE source = which LIMIT 1)),
            'is_source_gone', EXISTS (SELECT FROM messages WHERE id = which AND withdrawn_at IS NOT NULL AND kept = '{}'),
            'deliveries', json_agg(told ORDER BY position, ordered_at, entered))
        FROM deliveries_with_receipts AS told WHERE source = which AND NOT is_replaced);
END;
$$;

-- Made of what it tells, so that the same reaction found in a history is the same delivery.
CREATE FUNCTION id_of_reaction(told reactions, target text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT left(encode(sha256(convert_to(concat_ws(
        '|', told.about, told.person, told.emoji, told.part, told.changes::text, target), 'UTF8')), 'hex'), 20)
$$;

-- As before, and held as the link says.
CREATE OR REPLACE FUNCTION tell_reaction(given jsonb, which_emoji text, removed boolean, condition text) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    new text[];
    targets text[];
BEGIN
    WITH told AS (
        INSERT INTO deliveries (id, source, origin, target, sender, parts, ordered_at, position, about, is_explicit,
            state, not_before, held_for, reason, remedy)
        SELECT id_of_reaction(held, each.target),
            each.source, each.origin, each.target, each.sender,
            jsonb_build_array(each.parts -> 0 || jsonb_build_object('emoji', which_emoji, 'is_removed', removed)),
            each.ordered_at, each.position, each.about, true, each.state, each.not_before, each.held_for, each.reason,
            each.remedy
        FROM jsonb_populate_recordset(NULL::deliveries, given) AS each
        JOIN reactions AS held ON held.about = each.about AND held.part = each.parts -> 0 ->> 'part'
            AND held.person = each.sender AND held.emoji = which_emoji
        WHERE condition = 'always' OR EXISTS (SELECT FROM deliveries WHERE sent_as = each.about AND origin = each.target)
            OR condition = 'if_carried' AND EXISTS (
                SELECT FROM deliveries WHERE source = each.about AND target = each.target)
        ON CONFLICT DO NOTHING
        RETURNING id, target
    )
    SELECT array_agg(id), array_agg(target) INTO new, targets FROM told;
    PERFORM enqueue_jobs('send_next', targets);
    RETURN coalesce(new, '{}');
END;
$$;

-- As before, and refused as the link says where the text was sent already.
CREATE OR REPLACE FUNCTION accept_edit(given jsonb, if_carried boolean) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    each deliveries;
    new text[] = '{}';
    fresh text;
BEGIN
    FOR each IN SELECT * FROM jsonb_populate_recordset(NULL::deliveries, given) ORDER BY id LOOP
        UPDATE deliveries SET parts = with_text(parts, each.parts -> 0), edited_at = each.ordered_at, fence = fence + 1
        WHERE source = each.about AND target = each.target AND state IN ('waiting', 'prepared', 'failed')
            AND parts @> '[{"kind": "text"}]' AND coalesce(edited_at <= each.ordered_at, true)
            AND NOT EXISTS (SELECT FROM deliveries AS again WHERE again.replaces = deliveries.id);
        IF FOUND THEN
            PERFORM enqueue_jobs('send_next', ARRAY[each.target]);  -- whoever has it in hand can do nothing with it now
        ELSIF is_edit_needed(each.about, each.target, each.ordered_at, if_carried) THEN
            INSERT INTO deliveries (id, source, origin, target, sender, parts, ordered_at, position, about, notice_room,
                is_explicit, state, reason, remedy)
            VALUES (each.id, each.source, each.origin, each.target, each.sender,
                CASE each.state WHEN 'failed' THEN without_content(each.parts) ELSE each.parts END, each.ordered_at,
                each.position, each.about, each.notice_room, true, each.state, each.reason, each.remedy)
            ON CONFLICT DO NOTHING RETURNING id INTO fresh;
            IF FOUND THEN
                new = new || fresh;
                PERFORM tell_of_edit(each);
                IF each.state = 'failed' THEN
                    PERFORM request_refresh(ARRAY[each.source]);  -- its writer is told why
                END IF;
            END IF;
        END IF;
    END LOOP;
    RETURN new;
END;
$$;
