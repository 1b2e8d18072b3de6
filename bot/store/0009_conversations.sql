-- An answer that arrives after the contact has written again answers only what they had said before it.
ALTER TABLE conversations ADD heard_at timestamptz;  -- when the contact last said something

-- Both rooms of a conversation that begins or opens again are known as far as those that hold them: its chat as far as the
-- line, its thread as far as the inbox. Where these were not read since a gap, what waits in Linq's retries is older than
-- what has just come, and goes first. A thread that is still to be made has no history.
CREATE FUNCTION mark_conversation(which text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO marks (room, read_up_to, has_gap, gap_since)
    SELECT side.room, coalesce(min(holder.read_up_to), now()), coalesce(bool_or(holder.has_gap), false), min(holder.gap_since)
    FROM conversations CROSS JOIN LATERAL (VALUES
        (conversations.room, CASE WHEN root IS NULL THEN '{}' ELSE ARRAY[inbox] END), (peer, within)) AS side (room, holders)
    LEFT JOIN marks AS holder ON holder.room = ANY (side.holders)
    WHERE conversations.room = which GROUP BY side.room
    ON CONFLICT (room) DO UPDATE SET gap_since = excluded.gap_since
    WHERE marks.has_gap AND marks.gap_since IS NULL  -- it was closed, and is to be read once more
$$;

DROP FUNCTION continue_conversation;
-- As before, with whom, and marked like those that hold it. The conversation of a chat that wrote at that time goes on: the
-- one it has, unless that was closed more than a day before; else a new one in ``inbox``, which begins as the thread
-- ``new_room``. None where the chat has a link of its own, or no inbox takes it. Whoever comes first makes it: the lock is
-- held until it is seen by everybody.
CREATE FUNCTION continue_conversation(
    this_peer text, at timestamptz, inbox_room text, new_room text, its_line text, its_lines text[], with_several boolean,
    its_contact text
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    known conversations;
    taker links;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('conversation ' || this_peer, 0));
    SELECT * INTO known FROM conversations WHERE peer = this_peer AND ended_at IS NULL;
    IF known.closed_at IS NULL AND known.room IS NOT NULL OR known.closed_at > at - interval '1 day' THEN
        UPDATE conversations SET closed_at = NULL, refresh_at = next_refresh(shown_at)
        WHERE room = known.room AND closed_at IS NOT NULL;
        PERFORM mark_conversation(known.room);
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM links WHERE peer = this_peer AND inbox IS NULL) THEN
        RETURN;
    END IF;
    SELECT * INTO taker FROM links WHERE room = inbox_room AND is_inbox ORDER BY from_file LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM end_conversation(known.room);
    INSERT INTO conversations (room, opened_as, inbox, peer, line, within, is_group, contact_id, former)
    SELECT new_room, new_room, inbox_room, this_peer, its_line, its_lines, with_several, its_contact, (
        SELECT room FROM conversations WHERE peer = this_peer AND root IS NOT NULL ORDER BY began_at DESC LIMIT 1);
    INSERT INTO links (room, peer, label, made_by, settings, made_at, is_group, inbox, line)
    VALUES (new_room, this_peer, '', taker.made_by, taker.settings, taker.made_at, with_several, inbox_room, its_lines[1]);
    DELETE FROM marks WHERE room = this_peer;  -- from a link that is gone
    PERFORM mark_conversation(new_room);
    DELETE FROM unheard WHERE room = this_peer;
END;
$$;

CREATE OR REPLACE FUNCTION answer_conversation(which text, said_at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE conversations SET answered_at = coalesce(answered_at, now()), closed_at = NULL, refresh_at = next_refresh(shown_at),
        waiting_since = CASE WHEN waiting_since > said_at THEN waiting_since
            WHEN waiting_since IS NOT NULL AND heard_at > said_at THEN heard_at END
    WHERE room = which;
    IF FOUND THEN
        PERFORM mark_conversation(which);
        PERFORM enqueue_jobs('send_next', ARRAY[which]);
    END IF;
END;
$$;

-- A closed conversation is read once more, for what no event had told when it was closed, and then no longer.
CREATE FUNCTION forget_closed_mark() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM marks WHERE room = NEW.room AND NOT EXISTS (SELECT FROM links WHERE peer = NEW.room AND inbox IS NULL)
        AND EXISTS (SELECT FROM conversations WHERE NEW.room IN (room, peer) AND closed_at IS NOT NULL AND ended_at IS NULL);
    RETURN NULL;
END;
$$;
CREATE TRIGGER forget_closed_mark AFTER UPDATE OF has_gap ON marks FOR EACH ROW
    WHEN (OLD.has_gap AND NOT NEW.has_gap) EXECUTE FUNCTION forget_closed_mark();
