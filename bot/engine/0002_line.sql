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
