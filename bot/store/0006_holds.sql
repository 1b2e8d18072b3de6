-- Holds: why a delivery was held, and who decided; when a chat was first spoken to from a room, and how it stands.
ALTER TABLE deliveries
    ADD held_for   text NOT NULL DEFAULT '',   -- also once it is no longer
    ADD decided_by text;                       -- who sent what was held, gave it another hour, or cancelled it
ALTER TABLE links
    ADD spoken_at timestamptz,
    ADD health    text NOT NULL DEFAULT '',
    ADD health_at timestamptz;

-- What was missed and waits already says so; a link that was in use has been spoken over.
UPDATE deliveries SET held_for = 'late' WHERE awaits_approval AND state IN ('waiting', 'prepared', 'sending');
UPDATE links SET spoken_at = now() WHERE EXISTS (
    SELECT FROM deliveries WHERE origin = links.room AND target IN (links.peer, links.moved_from) AND state = 'recorded');

-- A delivery that was cancelled while it was held keeps its hour, and is looked for no more.
DROP INDEX deliveries_not_before;
CREATE INDEX deliveries_not_before ON deliveries (not_before)
    WHERE not_before IS NOT NULL AND state IN ('waiting', 'prepared', 'sending');
-- What a person has to look after, and what went last, by room.
CREATE INDEX deliveries_attention ON deliveries (origin, accepted_at)
    WHERE awaits_approval OR held_for <> '' OR state IN ('failed', 'unconfirmed') OR alerted <> '';

-- However a send came to be known, by its answer, by a receipt or by a search, the chat has been spoken to from there.
CREATE FUNCTION note_spoken() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE links SET spoken_at = now()
    WHERE room = NEW.origin AND NEW.target IN (peer, moved_from) AND spoken_at IS NULL;
    RETURN NULL;
END;
$$;
CREATE TRIGGER note_spoken AFTER UPDATE OF state ON deliveries FOR EACH ROW
    WHEN (NEW.state = 'recorded' AND OLD.state <> 'recorded') EXECUTE FUNCTION note_spoken();

-- The same view as before, with the new columns: it took those that there were.
DROP VIEW deliveries_with_receipts;
CREATE VIEW deliveries_with_receipts AS SELECT deliveries.*, (
    SELECT json_agg(receipts ORDER BY at, came_at, id) FROM receipts
    WHERE receipts.message = deliveries.sent_as OR receipts.delivery = deliveries.id
    OR receipts.message IS NULL AND receipts.delivery IS NULL AND receipts.trace_id = nullif(deliveries.trace_id, '')
) AS receipts, EXISTS (
    SELECT FROM deliveries AS again WHERE again.replaces = deliveries.id AND again.source = deliveries.source
) AS is_replaced FROM deliveries;

-- What was held when it was accepted says what for; what was refused at once never ends otherwise, so that is said, too.
CREATE OR REPLACE FUNCTION audit_accepted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit (act, actor, delivery, room, peer, detail)
    SELECT 'accepted', sender, id, origin, target, jsonb_strip_nulls(jsonb_build_object(
        'kinds', jsonb_path_query_array(parts, '$[*].kind'), 'is_explicit', nullif(is_explicit, false),
        'is_held', nullif(awaits_approval, false), 'held_for', nullif(held_for, ''), 'replaces', replaces))
    FROM fresh;
    INSERT INTO audit (act, delivery, room, peer)
    SELECT state, id, origin, target FROM fresh WHERE state = 'failed';
    RETURN NULL;
END;
$$;
