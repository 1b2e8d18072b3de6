"""The Web API methods, one module per family: context and arguments in, the answer's JSON out."""
