"""Worker processes that decode what strangers send: bounded, without secrets, replaced when they crash."""
