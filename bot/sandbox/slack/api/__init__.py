"""The Web API in front of its methods: tokens, scopes, limits, planned faults, arguments, and what blocks may hold."""
