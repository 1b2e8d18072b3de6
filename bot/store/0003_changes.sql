-- What a message is at the other side: its original, or what it was sent as.
CREATE FUNCTION counterpart(which text, there text) RETURNS TABLE (message text, thread text) LANGUAGE sql STABLE AS $$
    SELECT source, notice_room FROM deliveries WHERE sent_as = which AND origin = there
    UNION ALL SELECT sent_as, sent_in FROM deliveries WHERE source = which AND target = there AND sent_as IS NOT NULL
    LIMIT 1
$$;

-- What is about a message goes where that stands, or will stand, if its target is not there: the conversation of its peer
-- has moved, or the peer got another link. An unlinked room is left alone.
CREATE FUNCTION follow_message(which text, its_fence bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    mine deliveries;
    rooms text[];
    there text;
BEGIN
    SELECT * INTO mine FROM deliveries
    WHERE id = which AND fence = its_fence AND state IN ('waiting', 'prepared') FOR UPDATE;
    rooms = ARRAY(
        SELECT target FROM deliveries WHERE source = mine.about AND origin = mine.origin
        UNION SELECT origin FROM deliveries WHERE sent_as = mine.about AND target = mine.origin);
    IF NOT mine.target = ANY (rooms) THEN
        there = (
            SELECT room FROM unnest(rooms) AS place (room)
            WHERE EXISTS (SELECT FROM conversations WHERE conversations.room = place.room AND peer = mine.origin)
            OR EXISTS (SELECT FROM links WHERE links.room = place.room AND peer = mine.origin) ORDER BY room LIMIT 1);
    END IF;
    IF EXISTS (
        SELECT FROM deliveries
        WHERE source = mine.source AND target = there AND parts -> 0 -> 'key' = mine.parts -> 0 -> 'key'
    ) THEN  -- it was told there already
        UPDATE deliveries SET state = 'cancelled', parts = without_content(parts), fence = fence + 1 WHERE id = which;
    ELSIF there IS NOT NULL THEN
        UPDATE deliveries SET target = there, fence = fence + 1, retry_at = NULL WHERE id = which;
        PERFORM enqueue_jobs('send_next', ARRAY[there]);
    END IF;
END;
$$;

-- A reaction changes what its sender holds, if nothing later is known of it. ``given`` are the deliveries that tell the
-- other ends, ``condition`` the relay's ``Told``. ``replaces_former``: its sender holds one at a time, so whatever else
-- they held before is removed with it, also where only its own removal is told. One that comes while the send of its
-- message is being recorded waits for that: else neither would see the other.
CREATE FUNCTION accept_reaction(given jsonb, replaces_former boolean, condition text) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    told deliveries;
    known reactions;
    which_part text;
    which_emoji text;
    removed boolean;
    former text;
    new text[] = '{}';
BEGIN
    SELECT * INTO told FROM jsonb_populate_recordset(NULL::deliveries, given) LIMIT 1;
    PERFORM lock_names(ARRAY[told.about]);
    which_part = told.parts -> 0 ->> 'part';
    which_emoji = told.parts -> 0 ->> 'emoji';
    removed = (told.parts -> 0 ->> 'is_removed')::boolean;
    PERFORM pg_advisory_xact_lock(hashtextextended('reaction ' || told.about || told.sender, 0));
    SELECT * INTO known FROM reactions
    WHERE about = told.about AND part = which_part AND person = told.sender AND emoji = which_emoji;
    IF known.at > told.ordered_at OR replaces_former AND NOT removed AND EXISTS (
        SELECT FROM reactions WHERE about = told.about AND part = which_part AND person = told.sender
        AND at > told.ordered_at
    ) THEN
        RETURN new;
    END IF;
    IF replaces_former AND (NOT removed OR known.about IS NULL) THEN
        FOR former IN
            UPDATE reactions SET is_held = false, at = told.ordered_at, changes = changes + 1
            WHERE about = told.about AND part = which_part AND person = told.sender AND emoji <> which_emoji AND is_held
                AND (NOT removed OR at < told.ordered_at)
            RETURNING emoji
        LOOP
            new = new || tell_reaction(given, former, true, condition);
        END LOOP;
    END IF;
    INSERT INTO reactions (about, part, person, emoji, is_held, at)
    VALUES (told.about, which_part, told.sender, which_emoji, NOT removed, told.ordered_at)
    ON CONFLICT (about, part, person, emoji) DO UPDATE SET is_held = excluded.is_held, at = excluded.at,
        changes = reactions.changes + (reactions.is_held <> excluded.is_held)::int;
    -- An addition that is known already may have come before the message that it is on was known as one of theirs.
    IF NOT removed OR coalesce(known.is_held, false) THEN
        new = new || tell_reaction(given, which_emoji, removed, condition);
    END IF;
    RETURN new;
END;
$$;

-- Made of what it tells, so that the same reaction found in a history is the same delivery.
CREATE FUNCTION id_of_reaction(told reactions, target text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT left(encode(sha256(convert_to(concat_ws(
        '|', told.about, told.person, told.emoji, told.part, told.changes::text, target), 'UTF8')), 'hex'), 20)
$$;

-- A delivery for each other end, held as the link says. Its id holds how often the reaction has changed, so that a repeat is
-- the same delivery, and putting it there again is another one.
CREATE FUNCTION tell_reaction(given jsonb, which_emoji text, removed boolean, condition text) RETURNS text[]
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

-- The team may react to a contact's message before its post is recorded: it is seen as soon as it is posted, and its files
-- are attached, and its id stored, after that. What is on it by then is told once it is known as theirs.
CREATE FUNCTION tell_early_reactions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM reactions WHERE about = NEW.sent_as AND is_held) THEN
        RETURN NULL;
    END IF;
    INSERT INTO deliveries (id, source, origin, target, sender, parts, ordered_at, position, about, is_explicit)
    SELECT id_of_reaction(reactions, NEW.origin),
        concat_ws('/', about, 'reaction', person, emoji, changes::text), NEW.target, NEW.origin, person,
        jsonb_build_array(jsonb_build_object(
            'kind', 'reaction', 'key', 'reaction', 'emoji', emoji, 'is_removed', false, 'part', part)),
        at, 0, about, true
    FROM reactions WHERE about = NEW.sent_as AND is_held
    ON CONFLICT DO NOTHING;
    PERFORM enqueue_jobs('send_next', ARRAY[NEW.origin]);
    RETURN NULL;
END;
$$;

CREATE TRIGGER tell_early_reactions AFTER UPDATE OF sent_as ON deliveries FOR EACH ROW
    WHEN (NEW.sent_as IS NOT NULL AND OLD.sent_as IS NULL) EXECUTE FUNCTION tell_early_reactions();

-- The text of a message that was not sent (yet) is replaced where it stands, under a new fence, so that nobody sends what
-- was read before; where it was sent, the other end is told, or it is refused as the link says. An edit that is told after a later one changes nothing.
-- ``if_carried``: only where the text itself was carried there.
CREATE FUNCTION accept_edit(given jsonb, if_carried boolean) RETURNS text[] LANGUAGE plpgsql AS $$
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

-- A later edit is known where it waits as a delivery, or where it replaced a text that was not sent yet.
CREATE FUNCTION is_edit_needed(which text, there text, edited timestamptz, if_carried boolean) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (
        SELECT FROM deliveries WHERE about = which AND target = there AND ordered_at > edited AND parts @> '[{"kind": "edit"}]'
    ) AND NOT EXISTS (
        SELECT FROM deliveries WHERE source = which AND target = there AND edited_at > edited
    ) AND (NOT if_carried OR EXISTS (
        SELECT FROM deliveries WHERE source = which AND target = there AND state <> 'cancelled'
            AND parts @> '[{"kind": "text"}]'))
$$;

-- Its job; and, where its writer can be told, a notice for the case that it cannot be carried.
CREATE FUNCTION tell_of_edit(edit deliveries) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF edit.notice_room IS NOT NULL THEN
        INSERT INTO notices (id, room, requested, started) VALUES (edit.source, edit.notice_room, 0, 0) ON CONFLICT DO NOTHING;
    END IF;
    PERFORM enqueue_jobs('send_next', ARRAY[edit.target]);
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
