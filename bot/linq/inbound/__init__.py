"""What Linq tells us: by webhook (``http_receiver``), or in its lists of messages (``backfill``)."""
