-- Every turn has a number of its own, so that of two which nothing lies between each is known from the other. While more
-- than one may have posted, ``posting_since`` stays, and says since when, although the notice stands: one of them may
-- have been frozen, and its post still come.
CREATE OR REPLACE FUNCTION take_turn(which text, since timestamptz) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    mine notices;
BEGIN
    SELECT * INTO mine FROM notices WHERE id = which FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    mine.taken = mine.wanted + 1;
    UPDATE notices SET wanted = mine.taken, taken = mine.taken,
        posting_since = CASE WHEN ts IS NULL THEN coalesce(posting_since, since) ELSE posting_since END
    WHERE id = which;
    IF mine.ts IS NULL THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    RETURN (
        SELECT json_build_object('notice', mine, 'told', json_agg(told ORDER BY position, asked_at, entered))
        FROM told WHERE notice = which AND NOT is_replaced);
END;
$$;
-- Until now it stayed everywhere.
UPDATE notices SET posting_since = NULL WHERE ts IS NOT NULL;
