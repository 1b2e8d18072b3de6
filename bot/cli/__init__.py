"""What the command line does: one module for each command. ``bot/__main__.py`` lists them."""
