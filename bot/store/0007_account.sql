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

DROP FUNCTION continue_conversation;
-- As before, and with whom. The conversation of a chat that wrote at that time goes on: the one it has, unless that was closed more than a day
-- before; else a new one in ``inbox``, which begins as the thread ``new_room``. None where the chat has a link of its own,
-- or no inbox takes it. Whoever comes first makes it: the lock is held until it is seen by everybody.
CREATE FUNCTION continue_conversation(
    this_peer text, at timestamptz, inbox_room text, new_room text, its_line text, its_lines text[], with_several boolean,
    its_contact text
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    known conversations;
    taker links;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('conversation ' || this_peer, 0));
    SELECT * INTO known FROM conversations WHERE peer = this_peer AND ended_at IS NULL;
    IF known.closed_at IS NULL AND known.room IS NOT NULL OR known.closed_at > at - interval '1 day' THEN
        UPDATE conversations SET closed_at = NULL, refresh_at = next_refresh(shown_at)
        WHERE room = known.room AND closed_at IS NOT NULL;
        INSERT INTO marks (room) SELECT unnest(ARRAY[known.room, this_peer]) ON CONFLICT DO NOTHING;
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM links WHERE peer = this_peer AND inbox IS NULL) THEN
        RETURN;
    END IF;
    SELECT * INTO taker FROM links WHERE room = inbox_room AND is_inbox ORDER BY from_file LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM end_conversation(known.room);
    INSERT INTO conversations (room, opened_as, inbox, peer, line, within, is_group, contact_id, former)
    SELECT new_room, new_room, inbox_room, this_peer, its_line, its_lines, with_several, its_contact, (
        SELECT room FROM conversations WHERE peer = this_peer AND root IS NOT NULL ORDER BY began_at DESC LIMIT 1);
    INSERT INTO links (room, peer, label, made_by, settings, made_at, is_group, inbox, line)
    VALUES (new_room, this_peer, '', taker.made_by, taker.settings, taker.made_at, with_several, inbox_room, its_lines[1]);
    INSERT INTO marks (room) SELECT unnest(ARRAY[new_room, this_peer]) ON CONFLICT DO NOTHING;
    DELETE FROM unheard WHERE room = this_peer;
END;
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
        SELECT left(encode(sha256(convert_to(concat_ws('|', each.about, each.sender, which_emoji, held.part,
                held.changes::text, each.target), 'UTF8')), 'hex'), 20),
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
