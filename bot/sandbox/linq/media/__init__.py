"""Files: their formats, the host they are uploaded to, the host they are served from, and URLs that Linq fetches."""
