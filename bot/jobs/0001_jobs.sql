-- What is laid over procrastinate's tables (3.10): how the store enqueues in the statement that stores the fact, an index for
-- its most frequent question, and a notification that it does not send.

-- The jobs of one room, or of one notice, come one after the other. The store has a say in this: it replaces the function.
CREATE FUNCTION lock_of_job(task text, name text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT task || ':' || name
$$;

-- ``task`` is also the queue.
CREATE FUNCTION enqueue_jobs(task text, names text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(names) > 0 THEN
        PERFORM procrastinate_defer_jobs_v1(ARRAY(
            SELECT ROW(task, task, 0, lock_of_job(task, name), NULL, jsonb_build_object('name', name), NULL)
                ::procrastinate_job_to_defer_v1
            FROM unnest(names) WITH ORDINALITY AS given (name, place) WHERE name IS NOT NULL
            GROUP BY name ORDER BY min(place)));
    END IF;
END;
$$;

-- What is due and has no job gets one. A job in 'todo' or 'doing' will see the row: it reads it after it was fetched.
CREATE FUNCTION enqueue_missing_jobs(task text, names text[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    missing text[];
BEGIN
    missing = ARRAY(SELECT name FROM unnest(names) AS name WHERE NOT EXISTS (
        SELECT FROM procrastinate_jobs WHERE lock = lock_of_job(task, name) AND args ->> 'name' = name
        AND status IN ('todo', 'doing')));
    PERFORM enqueue_jobs(task, missing);
    RETURN cardinality(missing);
END;
$$;

-- For the fetch, which asks for every candidate whether its lock has an earlier job, and for the question above.
CREATE INDEX jobs_lock ON procrastinate_jobs (lock, priority DESC, id) WHERE status IN ('todo', 'doing');

-- Procrastinate notifies its workers of new jobs only. A job that waited for the lock of one that ended would wait for
-- the next poll (procrastinate-org/procrastinate, issue 1543 and the discussion of locks).
CREATE FUNCTION notify_next_of_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM procrastinate_jobs WHERE lock = OLD.lock AND status = 'todo') THEN
        PERFORM pg_notify('procrastinate_queue_v1#' || OLD.queue_name, '{"type": "job_inserted", "job_id": 0}');
    END IF;
    RETURN NULL;
END;
$$;

CREATE TRIGGER jobs_lock_freed AFTER DELETE ON procrastinate_jobs
    FOR EACH ROW WHEN (OLD.status = 'doing') EXECUTE FUNCTION notify_next_of_lock();
CREATE TRIGGER jobs_requeued AFTER UPDATE OF status ON procrastinate_jobs
    FOR EACH ROW WHEN (OLD.status = 'doing' AND NEW.status = 'todo') EXECUTE FUNCTION notify_next_of_lock();
