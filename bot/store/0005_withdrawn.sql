-- Its message was deleted while Linq was being asked to send it. Should it turn out that it was surely not sent, it is
-- cancelled then instead of being tried again.
ALTER TABLE deliveries ADD COLUMN withdrawn boolean NOT NULL DEFAULT false;
