-- What others of its lock wait behind need not wait for its time any more: what it was to do then has been called off.
CREATE FUNCTION hurry(kind text, names text[]) RETURNS void LANGUAGE sql AS $$
    UPDATE procrastinate_jobs SET scheduled_at = NULL
    WHERE lock IN (SELECT kind || ':' || name FROM unnest(names) AS name) AND status = 'todo'
        AND scheduled_at IS NOT NULL
$$;

CREATE TRIGGER engine_wake_hurried AFTER UPDATE OF scheduled_at ON procrastinate_jobs
    FOR EACH ROW WHEN (OLD.status = 'todo' AND NEW.scheduled_at IS NULL) EXECUTE FUNCTION engine_wake();
