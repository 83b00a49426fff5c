"""Clients that ask monitors how a service is: one small interface, one module a kind."""
