-- How a changed fact asks its notice for another turn, in the same transaction. ``wanted`` counts the changes that ask to
-- be shown, ``taken`` those that a turn has taken up. A turn first sets ``taken = wanted`` and reads the facts in a second
-- statement. The row lock puts every change either before that (then the turn reads the fact) or after it (then
-- ``wanted - 1 = taken``, nobody else will come, and the change puts a turn in line itself). So no change is lost, and a
-- hundred changes before a turn ask for one. The function ``put_in_line`` is the engine's.
CREATE FUNCTION ask_for_turns(names text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    due text[];
BEGIN
    WITH asked AS (
        UPDATE notices SET wanted = wanted + 1 WHERE id = ANY (names) RETURNING id, wanted - 1 = taken AS is_due
    )
    SELECT array_agg(id) INTO due FROM asked WHERE is_due;
    PERFORM put_in_line('announce', 'notice', due);
END;
$$;

-- A receipt and our own record of its memo may be committed side by side, and neither would see the other. Both take
-- these locks first, so one comes second and its next statement sees the first; sorted, so that no two wait for each
-- other. What follows looks into indexes by scalar subqueries: of given rows the server cannot know that they are few,
-- and would read whole tables to join them.
CREATE FUNCTION add_receipts(came json) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    told text[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(name, 0)) FROM (
        SELECT DISTINCT coalesce(memo, trace_id) AS name FROM json_to_recordset(came) AS given (memo text, trace_id text)
        ORDER BY name
    ) AS names WHERE name <> '';

    WITH given AS (
        SELECT * FROM json_to_recordset(came) AS given (
            id text, kind text, at timestamptz, memo text, attachments text[], delivery text, trace_id text,
            service text, is_group boolean, reason text, code text)
    ), fresh AS (
        INSERT INTO receipts (id, kind, at, memo, attachments, delivery, trace_id, service, is_group, reason, code)
        SELECT * FROM given ON CONFLICT DO NOTHING
        RETURNING memo, attachments, delivery, trace_id
    ), adopted AS (
        UPDATE deliveries SET step = 'recorded', memo = fresh.memo, trace_id = fresh.trace_id, reason = '',
            code = '', due_at = NULL, next_look_at = now() + interval '30 seconds',
            url = CASE WHEN lent_until > now() THEN url ELSE '' END
        FROM fresh
        WHERE deliveries.id = (
            SELECT id FROM deliveries WHERE attachment = ANY (fresh.attachments) AND memo IS NULL
            ORDER BY entered LIMIT 1)
            AND fresh.memo IS NOT NULL AND (SELECT id FROM deliveries WHERE memo = fresh.memo) IS NULL
        RETURNING notice
    ), changed AS (
        SELECT notice FROM adopted UNION ALL SELECT coalesce(
            (SELECT notice FROM deliveries WHERE id = fresh.delivery),
            (SELECT notice FROM deliveries WHERE memo = fresh.memo),
            (SELECT notice FROM deliveries WHERE trace_id = fresh.trace_id AND trace_id <> '' LIMIT 1)
        ) FROM fresh
    )
    SELECT array_agg(notice) INTO told FROM changed;
    PERFORM ask_for_turns(told);
END;
$$;
