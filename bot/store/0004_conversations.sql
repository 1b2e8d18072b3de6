-- Conversations: the chats of a line, each in a thread of the channel that takes the whole line. What joins a chat to its
-- thread is a row in ``links`` with the same room; here stands what people see and do beside that.
CREATE TABLE conversations (
    room          text PRIMARY KEY,            -- the thread; until its root is posted, one that is still to be made
    opened_as     text NOT NULL UNIQUE,        -- the thread that was still to be made: deliveries may name it a while longer
    inbox         text NOT NULL,
    peer          text NOT NULL,
    contact_id    text,                        -- the person who began it
    line          text NOT NULL,               -- our number, as people read it
    within        text[] NOT NULL,             -- the line, and what holds all lines
    is_group      boolean NOT NULL,
    root          text,
    former        text,                        -- the thread of the conversation before this one
    began_at      timestamptz NOT NULL DEFAULT now(),
    active_at     timestamptz,                 -- when somebody last said something, on either side
    heard_at      timestamptz,                 -- when the contact last said something
    waiting_since timestamptz,
    answered_at   timestamptz,                 -- the first answer
    taken_by      text,
    closed_at     timestamptz,
    blocked_at    timestamptz,
    ended_at      timestamptz,                 -- it goes on in another thread, or in a channel of its own
    shown_at      timestamptz,
    refresh_at    timestamptz                  -- when its root is to be edited
);

CREATE UNIQUE INDEX conversations_peer ON conversations (peer) WHERE ended_at IS NULL;
CREATE INDEX conversations_former ON conversations (peer, began_at);
CREATE INDEX conversations_refresh ON conversations (refresh_at) WHERE refresh_at IS NOT NULL;
CREATE INDEX conversations_open ON conversations (waiting_since) WHERE closed_at IS NULL AND ended_at IS NULL;
CREATE INDEX conversations_new ON conversations (inbox) WHERE root IS NULL;
CREATE INDEX conversations_began ON conversations (began_at);

-- Chats that wrote and that nobody listens to: no content, no number.
CREATE TABLE unheard (
    room     text PRIMARY KEY,
    line     text NOT NULL,
    first_at timestamptz NOT NULL,
    last_at  timestamptz NOT NULL,
    messages integer NOT NULL DEFAULT 1,
    last     text NOT NULL                     -- the last message: one that is told twice counts once
);

CREATE INDEX unheard_last ON unheard (last_at);

-- Its root is edited at most once in ten seconds.
CREATE FUNCTION next_refresh(shown_at timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT greatest(now(), shown_at + interval '10 seconds')
$$;

-- Whose conversation it is, as people read it; "" where that is not known. Who was the last to write was once looked for among
-- all deliveries: with 20,000 conversations of six messages that read 120,000 rows, 32 ms for a list of ten; this takes 0.09 ms.
CREATE FUNCTION shown_contact(which conversations) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT coalesce(nullif(name, ''), handle) || CASE WHEN which.is_group THEN ' and others' ELSE '' END
        FROM people WHERE id = which.contact_id), '')
$$;

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

-- The conversation of a chat that wrote at that time goes on: the one it has, unless that was closed more than a day
-- before; else a new one in ``inbox``, which begins as the thread ``new_room``. None where the chat has a link of its own,
-- or no inbox takes it. Whoever comes first makes it: the lock is held until it is seen by everybody.
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

-- What is dropped in its thread goes nowhere from now on.
CREATE FUNCTION end_conversation(which text) RETURNS void LANGUAGE sql AS $$
    UPDATE conversations SET ended_at = now(), refresh_at = next_refresh(shown_at) WHERE room = which AND ended_at IS NULL;
    DELETE FROM links WHERE room = which AND inbox IS NOT NULL;
    DELETE FROM marks WHERE room = which;
$$;

-- Its root stands: the thread has its name from now on, everywhere.
CREATE FUNCTION root_posted(opened text, thread text, message text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE conversations SET room = thread, root = message, shown_at = now(),
        refresh_at = CASE WHEN refresh_at IS NOT NULL THEN next_refresh(now()) END
    WHERE room = opened AND root IS NULL;
    IF FOUND THEN
        UPDATE links SET room = thread WHERE room = opened;
        UPDATE marks SET room = thread WHERE room = opened;
        UPDATE deliveries SET target = thread WHERE target = opened;
        PERFORM enqueue_jobs('send_next', ARRAY[thread]);
    END IF;
END;
$$;

-- Its root is gone, or its channel is: what has not been sent begins a new thread. Nothing of it was sent just now.
CREATE FUNCTION move_root(old text, new_inbox text, new_room text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE conversations SET room = new_room, opened_as = new_room, inbox = new_inbox, root = NULL WHERE room = old;
    UPDATE links SET room = new_room, inbox = new_inbox WHERE room = old AND inbox IS NOT NULL;
    UPDATE marks SET room = new_room WHERE room = old;
    UPDATE deliveries SET target = new_room, fence = fence + 1, sending_since = NULL, retry_at = NULL, reason = '', code = '',
        remedy = '', state = CASE WHEN prepared IS NULL THEN 'waiting' ELSE 'prepared' END
    WHERE target = old AND state IN ('waiting', 'prepared', 'sending');
    PERFORM enqueue_jobs('send_next', ARRAY[new_room]);
END;
$$;

-- What a contact said and nobody has seen yet goes where their chat is heard from now on: there it keeps its place before what
-- comes next.
CREATE FUNCTION move_unsent(from_peer text, old text, new text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE deliveries SET target = new, fence = fence + 1, is_broadcast = false
    WHERE target = old AND origin = from_peer AND state IN ('waiting', 'prepared') AND says_something(parts);
    IF FOUND THEN
        PERFORM enqueue_jobs('send_next', ARRAY[new]);
    END IF;
END;
$$;

-- Something that a team said has arrived: their contact waits no longer for an answer to what they said before it.
CREATE FUNCTION answer_conversation(which text, said_at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
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

-- What a contact said before, and is told again by a webhook or by the history, does not open a conversation that was closed
-- since: only what is new does.
CREATE FUNCTION is_known(message text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM messages WHERE id = message AND accepted_at IS NOT NULL)
$$;

-- Whose turn it is: of an inbox's conversations that have no root yet, the one whose contact wrote first, as far as it need
-- not wait; every other room itself. Each of their jobs makes one root, whosever it is.
CREATE FUNCTION next_root(which text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT new.room FROM conversations AS mine
        JOIN conversations AS new ON new.inbox = mine.inbox AND new.root IS NULL AND new.ended_at IS NULL
        CROSS JOIN LATERAL (
            SELECT ordered_at FROM deliveries WHERE target = new.room AND state IN ('waiting', 'prepared', 'sending')
                AND coalesce(retry_at <= now(), true) AND coalesce(not_before <= now(), true) AND NOT awaits_approval
            ORDER BY ordered_at LIMIT 1) AS said
        WHERE mine.opened_as = which ORDER BY said.ordered_at, new.room LIMIT 1), which)
$$;

-- The roots of an inbox are posted in the order in which their contacts wrote, and take up one worker between them: the jobs
-- of a conversation hold the lock of its inbox until its root is posted.
CREATE OR REPLACE FUNCTION lock_of_job(task text, name text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT task || ':' || coalesce((SELECT 'roots of ' || inbox FROM conversations WHERE room = name AND root IS NULL), name)
$$;
