-- What a network tells of our account: how each line stands, and which of its keys will expire.
CREATE TABLE lines (
    id         text PRIMARY KEY,
    within     text NOT NULL,                  -- the room that holds all lines
    is_flagged boolean NOT NULL DEFAULT false, -- its service is limited
    is_at_risk boolean NOT NULL DEFAULT false, -- its reputation is
    at         timestamptz NOT NULL
);

CREATE TABLE expiring_keys (
    prefix     text PRIMARY KEY,               -- what may be shown of the key
    expires_at timestamptz,                    -- none: it was called off
    at         timestamptz NOT NULL
);

-- A line that stands badly, under any link that leads into it. There are a few lines at most.
CREATE FUNCTION is_line_at_risk(link links) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM lines WHERE (is_flagged OR is_at_risk) AND (id IN (link.line, link.peer) OR within = link.peer))
$$;

-- Since when a link's mode and its senders are what they are: a room's history is read again and again, and what stayed
-- inside when it was said must not leave because a setting was changed later.
CREATE FUNCTION note_settings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.settings -> 'mode' IS DISTINCT FROM OLD.settings -> 'mode' THEN
        NEW.mode_at = now();
    END IF;
    IF NEW.settings -> 'senders' IS DISTINCT FROM OLD.settings -> 'senders' THEN
        NEW.senders_at = now();
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER note_settings BEFORE UPDATE OF settings ON links FOR EACH ROW EXECUTE FUNCTION note_settings();

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
