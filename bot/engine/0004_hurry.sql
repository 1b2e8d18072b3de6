-- What others of its lock wait behind need not wait for its time any more: what it was to do then has been called off.
CREATE FUNCTION hurry(kind text, names text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    queue text;
BEGIN
    FOR queue IN
        WITH hurried AS (
            UPDATE procrastinate_jobs SET scheduled_at = NULL
            WHERE lock IN (SELECT kind || ':' || name FROM unnest(names) AS name) AND status = 'todo'
                AND scheduled_at IS NOT NULL
            RETURNING queue_name
        )
        SELECT DISTINCT queue_name FROM hurried
    LOOP
        PERFORM pg_notify('procrastinate_queue_v1#' || queue, '{"type": "job_inserted", "job_id": 0}');
    END LOOP;
END;
$$;
