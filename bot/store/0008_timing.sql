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

-- The team may react to a contact's message before its post is recorded: it is seen as soon as it is posted, and its files
-- are attached, and its id stored, after that. What is on it by then is told once it is known as theirs.
CREATE FUNCTION tell_early_reactions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM reactions WHERE about = NEW.sent_as AND is_held) THEN
        RETURN NULL;
    END IF;
    INSERT INTO deliveries (id, source, origin, target, sender, parts, ordered_at, position, about, is_explicit)
    SELECT id_of_reaction(reactions, NEW.origin),
        concat_ws('/', about, 'reaction', person, emoji, changes::text), NEW.target, NEW.origin, person,
        jsonb_build_array(jsonb_build_object(
            'kind', 'reaction', 'key', 'reaction', 'emoji', emoji, 'is_removed', false, 'part', part)),
        at, 0, about, true
    FROM reactions WHERE about = NEW.sent_as AND is_held
    ON CONFLICT DO NOTHING;
    PERFORM enqueue_jobs('send_next', ARRAY[NEW.origin]);
    RETURN NULL;
END;
$$;
CREATE TRIGGER tell_early_reactions AFTER UPDATE OF sent_as ON deliveries FOR EACH ROW
    WHEN (NEW.sent_as IS NOT NULL AND OLD.sent_as IS NULL) EXECUTE FUNCTION tell_early_reactions();

-- A reaction that comes while the send of its message is being recorded waits for that: else neither would see the other.
CREATE FUNCTION take_reaction(given jsonb, replaces_former boolean, condition text) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_names(ARRAY[given -> 0 ->> 'about']);
    RETURN accept_reaction(given, replaces_former, condition);
END;
$$;
