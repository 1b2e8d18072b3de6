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
