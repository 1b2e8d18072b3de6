-- What we uploaded into whose room, so that it can be deleted there. A row goes when its network has deleted the upload,
-- or with the old deliveries.
CREATE TABLE uploads (
    media       text PRIMARY KEY,
    delivery    text NOT NULL,
    room        text NOT NULL,
    uploaded_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX uploads_at ON uploads (uploaded_at);
CREATE INDEX uploads_room ON uploads (room);

CREATE FUNCTION note_uploads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO uploads (media, delivery, room)
    SELECT DISTINCT media #>> '{}', NEW.id, NEW.target FROM jsonb_path_query(NEW.prepared, '$[*].media[*]') AS media
    WHERE split_part(media #>> '{}', ':', 1) = split_part(NEW.target, ':', 1)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END;
$$;

CREATE TRIGGER note_uploads AFTER UPDATE OF prepared ON deliveries FOR EACH ROW
    WHEN (NEW.prepared IS NOT NULL AND NEW.prepared IS DISTINCT FROM OLD.prepared) EXECUTE FUNCTION note_uploads();

-- Erases a person: what is stored of their direct chats ``rooms``, of what they said elsewhere, and who they are. What is
-- being sent to them at this moment stays, and is counted: its worker would not know what became of it. In the audit they
-- lose their name. ``names``: their handle, as it may stand in the label of a group.
CREATE FUNCTION forget_person(who text, rooms text[], names text[]) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    whole text[] = ARRAY(
        SELECT unnest(rooms) UNION
        SELECT peer FROM links WHERE NOT is_group AND NOT is_inbox
            AND EXISTS (SELECT FROM deliveries WHERE sender = who AND origin = peer));
    gone text[];
    sources text[];
    link_rooms text[];
    left_over bigint;
BEGIN
    SELECT count(*) INTO left_over FROM deliveries
    WHERE state = 'sending' AND (target = ANY (whole) OR origin = ANY (whole) OR sender = who);
    WITH erased AS (
        DELETE FROM deliveries
        WHERE state <> 'sending' AND (target = ANY (whole) OR origin = ANY (whole) OR sender = who)
        RETURNING id, source, sent_as
    ), receipts_gone AS (
        DELETE FROM receipts USING erased WHERE receipts.message = erased.sent_as OR receipts.delivery = erased.id
    )
    SELECT coalesce(array_agg(id), '{}'), coalesce(array_agg(source), '{}') || coalesce(array_agg(sent_as), '{}')
    INTO gone, sources FROM erased;
    DELETE FROM notices WHERE id = ANY (sources) AND NOT EXISTS (SELECT FROM deliveries WHERE source = notices.id);
    DELETE FROM messages WHERE id = ANY (sources) AND NOT EXISTS (SELECT FROM deliveries WHERE source = messages.id);
    DELETE FROM reactions WHERE person = who OR about = ANY (sources);
    DELETE FROM uploads WHERE room = ANY (whole);
    WITH erased AS (DELETE FROM links WHERE peer = ANY (whole) RETURNING room)
    SELECT coalesce(array_agg(room), '{}') INTO link_rooms FROM erased;
    DELETE FROM marks WHERE room = ANY (whole)
        OR room = ANY (link_rooms) AND NOT EXISTS (SELECT FROM links WHERE links.room = marks.room);
    DELETE FROM conversations WHERE peer = ANY (whole);
    DELETE FROM unheard WHERE room = ANY (whole);
    DELETE FROM people WHERE id = who;
    UPDATE links SET label = 'a group' WHERE EXISTS (
        SELECT FROM unnest(names) AS name WHERE position(name IN label) > 0);
    PERFORM set_config('memobridge.erases_audit', 'on', true);
    UPDATE audit SET actor = split_part(who, '@', 1) || '@forgotten' WHERE actor = who;
    PERFORM set_config('memobridge.erases_audit', 'off', true);
    RETURN json_build_object('deliveries', cardinality(gone), 'links', link_rooms, 'being_sent', left_over);
END;
$$;
