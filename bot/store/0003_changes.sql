-- What a message is at the other side: its original, or what it was sent as.
CREATE FUNCTION counterpart(which text, there text) RETURNS TABLE (message text, thread text) LANGUAGE sql STABLE AS $$
    SELECT source, notice_room FROM deliveries WHERE sent_as = which AND origin = there
    UNION ALL SELECT sent_as, sent_in FROM deliveries WHERE source = which AND target = there AND sent_as IS NOT NULL
    LIMIT 1
$$;

-- A reaction changes what its sender holds, if nothing later is known of it. ``given`` are the deliveries that tell the
-- other ends, ``condition`` the relay's ``Told``. ``replaces_former``: its sender holds one at a time, so whatever else
-- they held before is removed with it, also where only its own removal is told.
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

-- A delivery for each other end. Its id holds how often the reaction has changed, so that a repeat is the same delivery,
-- and putting it there again is another one.
CREATE FUNCTION tell_reaction(given jsonb, which_emoji text, removed boolean, condition text) RETURNS text[]
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

-- The text of a message that was not sent (yet) is replaced where it stands, under a new fence, so that nobody sends what
-- was read before; where it was sent, the other end is told. An edit that is told after a later one changes nothing.
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
                is_explicit)
            VALUES (each.id, each.source, each.origin, each.target, each.sender, each.parts, each.ordered_at,
                each.position, each.about, each.notice_room, true)
            ON CONFLICT DO NOTHING RETURNING id INTO fresh;
            IF FOUND THEN
                new = new || fresh;
                PERFORM tell_of_edit(each);
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
