"""HTTP: one ASGI door."""
