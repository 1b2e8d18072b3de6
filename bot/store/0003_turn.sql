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
-- volatile function sees what was committed before it. NULL where there is no such notice.
CREATE FUNCTION take_turn(which text) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    mine notices;
BEGIN
    UPDATE notices SET taken = wanted WHERE id = which RETURNING * INTO mine;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN (
        SELECT json_build_object('notice', mine, 'told', json_agg(told ORDER BY position, asked_at, entered))
        FROM told WHERE notice = which AND NOT is_replaced);
END;
$$;
