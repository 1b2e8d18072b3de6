"""Opening a file with FFmpeg and taking frames of sound out of it. Only worker processes import this."""
