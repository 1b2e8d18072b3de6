-- Where one process alone does an errand, it is given each new one as it is put in line, instead of asking for it: a sixth
-- of all statements go. Which it is, is told with the job itself, over the connection on which it listens.
CREATE TABLE engine_hands (
    worker bigint PRIMARY KEY REFERENCES procrastinate_workers (id) ON DELETE CASCADE,
    queue  text NOT NULL
);

-- In the order of the names: two who put the same ones in line must not wait for each other's in a circle.
CREATE OR REPLACE FUNCTION put_in_line(errand text, kind text, names text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    hand bigint;
    name text;
    job procrastinate_jobs;
BEGIN
    IF cardinality(names) > 0 THEN
        SELECT min(worker) INTO hand FROM engine_hands WHERE queue = errand HAVING count(*) = 1;
        FOREACH name IN ARRAY (SELECT array_agg(given ORDER BY given) FROM unnest(names) AS given) LOOP
            job = engine_given(hand, errand, kind || ':' || name, jsonb_build_object(kind, name));
            IF job.id IS NULL THEN
                PERFORM procrastinate_defer_jobs_v1(ARRAY[
                    ROW(errand, errand, 0, kind || ':' || name, NULL, jsonb_build_object(kind, name), NULL)
                    ::procrastinate_job_to_defer_v1]);
            ELSE
                PERFORM pg_notify('engine_given#' || errand, row_to_json(job)::text);
            END IF;
        END LOOP;
    END IF;
END;
$$;

-- A job that its worker does already; none where there is no such worker, or others of its lock come before. One that is
-- being done has its lock for itself by procrastinate's own unique index.
CREATE FUNCTION engine_given(hand bigint, errand text, its_lock text, its_args jsonb) RETURNS procrastinate_jobs
LANGUAGE plpgsql AS $$
DECLARE
    job procrastinate_jobs;
BEGIN
    INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args, status, worker_id)
    SELECT errand, errand, its_lock, its_args, 'doing', hand
    WHERE hand IS NOT NULL AND NOT EXISTS (
        SELECT FROM procrastinate_jobs WHERE lock = its_lock AND status = 'todo')
    ON CONFLICT DO NOTHING
    RETURNING * INTO job;
    RETURN job;
END;
$$;
