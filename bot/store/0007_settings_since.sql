-- Since when a link's mode and its senders are what they are; empty: since it was made. A room's history is read again and
-- again, and what stayed inside when it was said must not leave because a setting was changed later.
ALTER TABLE links
    ADD mode_at    timestamptz,
    ADD senders_at timestamptz;

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

-- What a contact said before, and is told again by a webhook or by the history, does not open a conversation that was closed
-- since: only what is new does.
CREATE FUNCTION is_known(message text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM messages WHERE id = message AND accepted_at IS NOT NULL)
$$;
