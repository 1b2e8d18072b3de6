-- How others put errands in line inside their own statement, so that a fact and the errand it causes are stored together
-- and cost one round trip. ``kind`` says what the names are of: work holds its chat's lock, an announcement its notice's.
CREATE FUNCTION put_in_line(errand text, kind text, names text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(names) > 0 THEN
        PERFORM procrastinate_defer_jobs_v1(ARRAY(
            SELECT ROW(errand, errand, 0, kind || ':' || name, NULL, jsonb_build_object(kind, name), NULL)
                ::procrastinate_job_to_defer_v1
            FROM unnest(names) WITH ORDINALITY AS given (name, place) ORDER BY place));
    END IF;
END;
$$;

-- Procrastinate keeps a log of each job's life. Ours are deleted as they end, and the log with them: nobody could read it.
ALTER TABLE procrastinate_jobs DISABLE TRIGGER procrastinate_trigger_status_events_insert_v1;
ALTER TABLE procrastinate_jobs DISABLE TRIGGER procrastinate_trigger_status_events_update_v1;
ALTER TABLE procrastinate_jobs DISABLE TRIGGER procrastinate_trigger_scheduled_events_v1;
