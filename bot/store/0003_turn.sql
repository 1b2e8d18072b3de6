-- Deliveries with their receipts: what a notice, a look and an operator are told. A receipt that names no memo, as a failure
-- may, is known by the trace of the call that made it.
CREATE VIEW told AS SELECT deliveries.*, (
    SELECT json_agg(receipts ORDER BY at, came_at, id) FROM receipts
    WHERE receipts.memo = deliveries.memo OR receipts.delivery = deliveries.id
    OR receipts.memo IS NULL AND receipts.delivery IS NULL AND receipts.trace_id = nullif(deliveries.trace_id, '')
) AS receipts, EXISTS (
    SELECT FROM deliveries AS again WHERE again.replaces = deliveries.id AND again.notice = deliveries.notice
) AS is_replaced FROM deliveries;

-- A turn in one round trip. What ``ask_for_turns`` says of its two statements holds in here as well: each statement of a
-- volatile function sees what was committed before it. Gives the notice as it was found, NULL where there is none.
-- Whoever finds one that is not known to stand in Slack is about to post it, and that must be known on disk before.
CREATE FUNCTION take_turn(which text, since timestamptz) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    mine notices;
BEGIN
    SELECT * INTO mine FROM notices WHERE id = which FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    mine.taken = mine.wanted;
    UPDATE notices SET taken = mine.taken, posting_since = CASE WHEN ts IS NULL THEN since ELSE posting_since END
    WHERE id = which;
    IF mine.ts IS NULL THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    RETURN (
        SELECT json_build_object('notice', mine, 'told', json_agg(told ORDER BY position, asked_at, entered))
        FROM told WHERE notice = which AND NOT is_replaced);
END;
$$;

-- A delivery has become this memo: what Linq said of it with the same breath and the fact itself, in one round trip. The
-- locks are those of ``add_receipts``, in its order, so that two who say the same come one after the other. False when
-- the memo belongs to another delivery.
CREATE FUNCTION record_memo(which text, its_memo text, its_trace text, came json) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    told text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(name, 0)) FROM (
        SELECT name FROM unnest(ARRAY[its_memo, its_trace]) AS name ORDER BY name
    ) AS names WHERE name <> '';
    PERFORM add_receipts(came);
    IF EXISTS (SELECT FROM deliveries WHERE memo = its_memo AND id <> which) THEN
        RETURN false;
    END IF;
    -- The receipt may have brought it here already, by its attachment. A lent clip may be fetched after Linq said yes.
    UPDATE deliveries SET step = 'recorded', memo = its_memo, trace_id = its_trace, reason = '', code = '',
        due_at = NULL, next_look_at = now() + interval '30 seconds',
        url = CASE WHEN lent_until > now() THEN url ELSE '' END
    WHERE id = which AND memo IS DISTINCT FROM its_memo RETURNING notice INTO told;
    IF FOUND THEN
        PERFORM ask_for_turns(ARRAY[told]);
    END IF;
    RETURN true;
END;
$$;
