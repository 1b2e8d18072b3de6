-- What operators answer for: who did what and when. Rows are only ever added. No words, no file names and no phone
-- numbers: ids, kinds of parts, settings of links, codes. The triggers of this file take 0.4 ms of the 25 ms that the
-- statements of a delivery take (four pairs of 300, one after the other, on an idle machine with two cores).
CREATE TABLE audit (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT now(),
    act      text NOT NULL,
    actor    text NOT NULL DEFAULT '',         -- a person, 'command line' or 'LINKS_FILE'; '': nobody, a network said so
    delivery text,
    room     text,                             -- where it was done
    peer     text,                             -- the room at the other end
    detail   jsonb NOT NULL DEFAULT '{}'
);

CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_decisions ON audit (delivery)
    WHERE act IN ('approve', 'send_now', 'reschedule', 'dismiss', 'confirm_delivered');

-- Only retention and erasure may pass, which say so for their own transaction.
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('memobridge.erases_audit', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'rows of the audit are neither changed nor deleted';
    END IF;
    RETURN NULL;
END;
$$;

CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

CREATE FUNCTION delete_old_audit(age interval, batch integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    gone bigint;
BEGIN
    PERFORM set_config('memobridge.erases_audit', 'on', true);
    DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < now() - age ORDER BY at, id LIMIT batch);
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('memobridge.erases_audit', 'off', true);
    RETURN gone;
END;
$$;

CREATE FUNCTION audit_accepted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit (act, actor, delivery, room, peer, detail)
    SELECT 'accepted', sender, id, origin, target, jsonb_strip_nulls(jsonb_build_object(
        'kinds', jsonb_path_query_array(parts, '$[*].kind'), 'is_explicit', nullif(is_explicit, false),
        'is_held', nullif(awaits_approval, false), 'replaces', replaces))
    FROM fresh;
    RETURN NULL;
END;
$$;

CREATE TRIGGER audit_accepted AFTER INSERT ON deliveries
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION audit_accepted();

-- How it ended. One that was found not to be sent after all, and is taken up again, ends more than once.
CREATE FUNCTION audit_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit (act, delivery, room, peer, detail)
    VALUES (CASE NEW.state WHEN 'recorded' THEN 'sent' ELSE NEW.state END, NEW.id, NEW.origin, NEW.target,
        jsonb_strip_nulls(jsonb_build_object('code', nullif(NEW.code, ''), 'message', NEW.sent_as)));
    RETURN NULL;
END;
$$;

CREATE TRIGGER audit_ended AFTER UPDATE OF state ON deliveries FOR EACH ROW
    WHEN (NEW.state IS DISTINCT FROM OLD.state AND NEW.state IN ('recorded', 'failed', 'unconfirmed', 'cancelled'))
    EXECUTE FUNCTION audit_ended();

-- What a network said of it afterwards. It may be told before the message is known as ours.
CREATE FUNCTION audit_receipts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit (act, actor, delivery, detail)
    SELECT kind, coalesce(confirmed_by, ''), coalesce(delivery, (SELECT id FROM deliveries WHERE sent_as = message)),
        jsonb_strip_nulls(jsonb_build_object('code', nullif(code, ''), 'message', message))
    FROM fresh WHERE kind IN ('failed', 'delivered', 'read');
    RETURN NULL;
END;
$$;

CREATE TRIGGER audit_receipts AFTER INSERT ON receipts
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION audit_receipts();

-- People's acts on links are added by whoever does them for a person. The links file has nobody who does.
CREATE FUNCTION audit_file_link() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit (act, actor, room, peer, detail) VALUES (
        CASE TG_OP WHEN 'INSERT' THEN 'link' WHEN 'UPDATE' THEN 'set_link' ELSE 'unlink' END, 'LINKS_FILE',
        coalesce(NEW.room, OLD.room), coalesce(NEW.peer, OLD.peer), coalesce(NEW.settings, '{}'));
    RETURN NULL;
END;
$$;

CREATE TRIGGER audit_new_file_link AFTER INSERT ON links FOR EACH ROW WHEN (NEW.from_file)
    EXECUTE FUNCTION audit_file_link();
CREATE TRIGGER audit_changed_file_link AFTER UPDATE ON links FOR EACH ROW
    WHEN (NEW.from_file AND (NEW.peer, NEW.settings) IS DISTINCT FROM (OLD.peer, OLD.settings))
    EXECUTE FUNCTION audit_file_link();
CREATE TRIGGER audit_removed_file_link AFTER DELETE ON links FOR EACH ROW WHEN (OLD.from_file)
    EXECUTE FUNCTION audit_file_link();

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

-- For the metrics, which are read every few seconds.
CREATE INDEX deliveries_lost ON deliveries (accepted_at) WHERE state IN ('failed', 'unconfirmed');
CREATE INDEX receipts_failed ON receipts (came_at) WHERE kind = 'failed';

-- Which database this is. A back-up that was restored, or a standby that took over, is another one, and knows nothing of
-- what was done since. ``lost_since``: from then on, until ``restored_at``, others may have done it.
CREATE TABLE database_identity (
    id          integer PRIMARY KEY CHECK (id = 1),
    identity    text NOT NULL,
    lost_since  timestamptz,
    restored_at timestamptz
);

-- The cluster, the database and the table in it, and the timeline, which changes with each recovery to a point in time.
CREATE FUNCTION current_identity() RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
        (SELECT oid FROM pg_database WHERE datname = current_database()), 'deliveries'::regclass::oid,
        substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8));
END;
$$;

-- True once for each restored back-up; then also whatever was under way in it is looked for before it is sent. One without
-- deliveries has forgotten nothing.
CREATE FUNCTION detect_restore() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    known database_identity;
BEGIN
    INSERT INTO database_identity (id, identity) VALUES (1, current_identity()) ON CONFLICT DO NOTHING;
    SELECT * INTO known FROM database_identity FOR UPDATE;
    IF known.identity = current_identity() THEN
        RETURN false;
    END IF;
    UPDATE database_identity SET identity = current_identity();
    IF NOT EXISTS (SELECT FROM deliveries) THEN
        RETURN false;
    END IF;
    PERFORM treat_as_restored();
    RETURN true;
END;
$$;

CREATE FUNCTION treat_as_restored() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz = coalesce((SELECT written_at FROM health), (SELECT max(accepted_at) FROM deliveries))
        - interval '1 hour';
BEGIN
    UPDATE database_identity SET lost_since = since, restored_at = now();
    UPDATE deliveries SET state = 'sending', sending_since = least(ordered_at, accepted_at), fence = fence + 1, retry_at = NULL,
        prepared = CASE WHEN parts @? '$[*] ? (@.kind == "voice")' THEN prepared END
    WHERE state IN ('waiting', 'prepared', 'sending') AND NOT awaits_approval AND coalesce(not_before <= now(), true)
        AND NOT parts @? '$[*] ? (@.kind == "reaction" || @.kind == "edit")';
    UPDATE notices SET posting_since = least(posting_since, since) WHERE posted_as IS NULL;
    INSERT INTO audit (act, actor) VALUES ('restored', '');
END;
$$;

-- What was said before the restore and is met now may have been carried by the database that is lost: it begins as sent
-- without an answer. What our own side said then, that database had probably sent itself.
CREATE FUNCTION suspect_sent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM database_identity WHERE restored_at > NEW.ordered_at)
        OR NEW.parts @? '$[*] ? (@.kind == "reaction" || @.kind == "edit")' THEN
        RETURN NEW;
    END IF;
    IF NEW.parts @> '[{"kind": "announcement", "key": "elsewhere"}]' THEN
        RETURN NULL;
    END IF;
    NEW.state = 'sending';
    NEW.sending_since = NEW.ordered_at;
    NEW.awaits_approval = false;
    RETURN NEW;
END;
$$;

CREATE TRIGGER suspect_sent BEFORE INSERT ON deliveries FOR EACH ROW EXECUTE FUNCTION suspect_sent();

-- A notice is looked for before it is posted, for as long as old messages are still met.
CREATE FUNCTION suspect_posted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.posting_since = coalesce(NEW.posting_since, (
        SELECT lost_since FROM database_identity WHERE restored_at > now() - interval '7 days'));
    RETURN NEW;
END;
$$;

CREATE TRIGGER suspect_posted BEFORE INSERT ON notices FOR EACH ROW EXECUTE FUNCTION suspect_posted();

-- What was uploaded before there was this table.
INSERT INTO uploads (media, delivery, room, uploaded_at)
SELECT media #>> '{}', id, target, accepted_at
FROM deliveries, jsonb_path_query(prepared, '$[*].media[*]') AS media
WHERE split_part(media #>> '{}', ':', 1) = split_part(target, ':', 1)
ON CONFLICT DO NOTHING;
