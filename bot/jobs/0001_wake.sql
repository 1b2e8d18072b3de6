-- What we lay over procrastinate's tables (3.10): indexes for the questions we ask, and a wake-up it does not give.

CREATE INDEX engine_jobs_lock ON procrastinate_jobs (lock, priority DESC, id) WHERE status IN ('todo', 'doing');
CREATE INDEX engine_jobs_due ON procrastinate_jobs (scheduled_at) WHERE status = 'todo' AND scheduled_at IS NOT NULL;

-- Procrastinate notifies its workers of a new job only. A job that waited for the lock of one that ends, or that is
-- taken back from a dead worker, would stay until the next poll.
CREATE FUNCTION engine_wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('procrastinate_queue_v1#' || OLD.queue_name, '{"type": "job_inserted", "job_id": 0}');
    RETURN NULL;
END;
$$;

CREATE FUNCTION engine_wake_next() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM procrastinate_jobs WHERE lock = OLD.lock AND status = 'todo') THEN
        PERFORM pg_notify('procrastinate_queue_v1#' || OLD.queue_name, '{"type": "job_inserted", "job_id": 0}');
    END IF;
    RETURN NULL;
END;
$$;

CREATE TRIGGER engine_wake_ended AFTER DELETE ON procrastinate_jobs
    FOR EACH ROW WHEN (OLD.status = 'doing') EXECUTE FUNCTION engine_wake_next();
CREATE TRIGGER engine_wake_again AFTER UPDATE OF status ON procrastinate_jobs
    FOR EACH ROW WHEN (OLD.status = 'doing' AND NEW.status = 'todo') EXECUTE FUNCTION engine_wake();
