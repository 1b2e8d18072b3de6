"""What Web API methods share: their arguments, access checks, and what blocks may hold."""
