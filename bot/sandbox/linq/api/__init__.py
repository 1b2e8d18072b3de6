"""What all endpoints share: authorization and faults, request bodies, error answers, the objects as JSON."""
