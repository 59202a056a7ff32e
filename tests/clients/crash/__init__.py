"""A load whose every effect is known, so that a server can be killed under it and checked."""
