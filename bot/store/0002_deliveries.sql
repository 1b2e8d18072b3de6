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
-- known from the other. Gives the notice as it was found, NULL where there is none, or where it was put off: what changes
-- until then is shown then; and the contact of the conversation that it belongs to, none where it belongs to a link that
-- somebody made. Whoever finds one that is not known to be posted is about to post it, and that must be known
-- on disk before. While more than one may have posted, ``posting_since`` stays although the notice is posted: one of them
-- may have been frozen, and its post still come.
CREATE FUNCTION begin_refresh(which text) RETURNS json LANGUAGE plpgsql AS $$
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

-- The parts that are left once something of their message was deleted; all of them where nothing was.
CREATE FUNCTION kept_parts(parts jsonb, kept text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN kept IS NULL THEN parts ELSE (
        SELECT coalesce(jsonb_agg(part ORDER BY place), '[]')
        FROM jsonb_array_elements(parts) WITH ORDINALITY AS given (part, place) WHERE part ->> 'key' = ANY (kept)) END
$$;

-- The parts ``kept_keys`` are all that is left of a message: what has not been sent of the others will not be, what is
-- being sent just now is dropped should it turn out that it surely was not, and what is accepted later goes without them.
-- Gives who has sent some of the others already, when that is told for the first time.
CREATE FUNCTION withdraw(which text, rooms text[], kept_keys text[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    too_late text[];
BEGIN
    SELECT coalesce(array_agg(DISTINCT sender), '{}') INTO too_late FROM deliveries
    WHERE source = which AND state = 'recorded' AND kept_parts(parts, kept_keys) <> parts
        AND NOT EXISTS (SELECT FROM messages WHERE id = which AND kept <@ kept_keys);
    INSERT INTO messages (id, withdrawn_at, kept) SELECT which, now(), kept_keys
    WHERE EXISTS (SELECT FROM links WHERE room = ANY (rooms)) OR EXISTS (SELECT FROM deliveries WHERE source = which)
    ON CONFLICT (id) DO UPDATE SET withdrawn_at = now(), kept = CASE
        WHEN messages.kept IS NULL THEN excluded.kept
        ELSE ARRAY(SELECT unnest(messages.kept) INTERSECT SELECT unnest(excluded.kept)) END;
    UPDATE deliveries SET withdrawn = true
    WHERE source = which AND state = 'sending' AND kept_parts(parts, kept_keys) <> parts;
    -- What may still be asked for again loses its content with its message.
    UPDATE deliveries SET parts = without_content(parts)
    WHERE source = which AND state IN ('failed', 'unconfirmed') AND kept_parts(parts, kept_keys) <> parts;
    PERFORM drop_withdrawn_parts(which);
    PERFORM request_refresh(ARRAY[which]);
    RETURN too_late;
END;
$$;

-- A delivery that loses all its parts is cancelled. One that loses some is prepared again without them: under a new
-- fence, so that nobody sends what was read or prepared before.
CREATE FUNCTION drop_withdrawn_parts(which text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    targets text[];
BEGIN
    WITH changed AS (
        UPDATE deliveries SET retry_at = NULL, reason = '', code = '', remedy = '', prepared = NULL, fence = fence + 1,
            withdrawn = false, state = CASE WHEN kept_parts(parts, kept) = '[]' THEN 'cancelled' ELSE 'waiting' END,
            parts = CASE WHEN kept_parts(parts, kept) = '[]' THEN without_content(parts) ELSE kept_parts(parts, kept) END
        FROM messages WHERE messages.id = which AND source = which AND state IN ('waiting', 'prepared')
            AND kept_parts(parts, kept) <> parts
        RETURNING target
    )
    SELECT array_agg(DISTINCT target) INTO targets FROM changed;
    PERFORM enqueue_jobs('send_next', targets);  -- what comes after it may have waited for its time
END;
$$;

-- Surely not sent, and not to be tried again before ``wait`` is over. False when it is not this worker's any more, or its
-- message lost something of it while it was being sent.
CREATE FUNCTION postpone(
    which text, its_fence bigint, wait interval, its_reason text, its_code text, its_remedy text, counts boolean,
    steps_aside boolean
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    mine deliveries;
BEGIN
    UPDATE deliveries SET state = CASE WHEN prepared IS NULL THEN 'waiting' ELSE 'prepared' END, sending_since = NULL,
        attempts = attempts + counts::int, retry_at = now() + wait, is_late = is_late OR steps_aside,
        reason = its_reason, code = its_code, remedy = its_remedy
    WHERE id = which AND fence = its_fence AND state IN ('waiting', 'prepared', 'sending') RETURNING * INTO mine;
    IF mine.withdrawn THEN
        PERFORM drop_withdrawn_parts(mine.source);
    END IF;
    PERFORM request_refresh(ARRAY[mine.source]);
    RETURN NOT coalesce(mine.withdrawn, true);
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

-- Whether it will not be asked for again after such a receipt, so that its content can go.
CREATE FUNCTION ends_content(kind text, is_final boolean, source text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT kind IN ('delivered', 'read') OR is_final OR source = 'person'
$$;

-- No reaction, no edit, no news about the room.
CREATE FUNCTION says_something(parts jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT parts @? '$[*] ? (@.kind == "text" || @.kind == "voice" || @.kind == "media")'
$$;

-- Something that was said in a room, and has arrived.
CREATE TYPE answer AS (room text, said_at timestamptz);

CREATE FUNCTION add_receipts(given jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    changed text[];
    recorded text[];
    answers answer[];
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
        WHERE deliveries.id = coalesce(
            (SELECT id FROM deliveries WHERE id = fresh.delivery AND sent_as IS NULL),
            (SELECT id FROM deliveries
            WHERE prepared -> 0 -> 'media' ->> 0 = ANY (fresh.attachments) AND sent_as IS NULL ORDER BY entered LIMIT 1))
            AND fresh.message IS NOT NULL AND (SELECT id FROM deliveries WHERE sent_as = fresh.message) IS NULL
        RETURNING deliveries.source, target, origin, ordered_at, parts
    ), affected AS (
        SELECT adopted.source FROM adopted UNION ALL SELECT coalesce(
            (SELECT deliveries.source FROM deliveries WHERE id = fresh.delivery),
            (SELECT deliveries.source FROM deliveries WHERE sent_as = fresh.message),
            (SELECT deliveries.source FROM deliveries WHERE trace_id = fresh.trace_id AND trace_id <> '' LIMIT 1)
        ) FROM fresh
    )
    SELECT ARRAY(SELECT source FROM affected), ARRAY(SELECT DISTINCT target FROM adopted),
        ARRAY(SELECT ROW(origin, ordered_at)::answer FROM adopted WHERE says_something(parts))
    INTO changed, recorded, answers;
    PERFORM answer_conversation(room, said_at) FROM unnest(answers);
    UPDATE deliveries SET parts = without_content(parts) WHERE id = ANY (ARRAY(
        SELECT coalesce(delivery, (SELECT id FROM deliveries WHERE sent_as = message))
        FROM jsonb_populate_recordset(NULL::receipts, given) WHERE ends_content(kind, is_final, source)));
    PERFORM forget_told_by_others(ARRAY(SELECT message FROM jsonb_populate_recordset(NULL::receipts, given)));
    PERFORM request_refresh(changed);
    PERFORM enqueue_missing_jobs('send_next', recorded);  -- the room may have waited for this answer
END;
$$;

-- A delivery has become this message: the fact itself, and what the network said of it with the same breath, in one round
-- trip. The locks are those of ``add_receipts``, in its order, so that two who say the same come one after the other.
-- The fact goes first: a receipt that brought it here would enqueue the room, in which whoever records is at work.
-- False when the message belongs to another delivery. ``poll``: its status comes later, and it may still fail.
CREATE FUNCTION record_sent(which text, its_message text, its_thread text, its_trace text, first jsonb, poll boolean)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    mine deliveries;
    may_fail boolean;
BEGIN
    PERFORM lock_names(ARRAY[coalesce(its_message, ''), its_trace]);
    IF EXISTS (SELECT FROM deliveries WHERE sent_as = its_message AND id <> which) THEN
        PERFORM add_receipts(first);
        RETURN false;
    END IF;
    may_fail = poll AND its_message IS NOT NULL AND NOT EXISTS (
        SELECT FROM receipts WHERE message = its_message AND ends_content(kind, is_final, source));
    -- A receipt may have brought it here already, by its attachment.
    UPDATE deliveries SET state = 'recorded', sent_as = its_message, sent_in = its_thread, trace_id = its_trace,
        reason = '', code = '', remedy = '', retry_at = NULL,
        parts = CASE WHEN may_fail THEN without_hints(parts) ELSE without_content(parts) END,
        next_poll_at = CASE WHEN poll AND its_message IS NOT NULL THEN now() + interval '30 seconds' END
    WHERE id = which AND (state <> 'recorded' OR sent_as IS DISTINCT FROM its_message) RETURNING * INTO mine;
    IF FOUND THEN
        PERFORM forget_told_by_others(ARRAY[its_message]);
        PERFORM request_refresh(ARRAY[mine.source]);
        PERFORM answer_conversation(mine.origin, mine.ordered_at) WHERE says_something(mine.parts);
    END IF;
    PERFORM add_receipts(first);
    IF its_thread IS NOT NULL THEN
        PERFORM root_posted((SELECT target FROM deliveries WHERE id = which), its_thread, its_message);
    END IF;
    RETURN true;
END;
$$;
