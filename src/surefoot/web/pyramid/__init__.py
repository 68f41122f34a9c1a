"""Pyramid: routes, and what its applications read of a request."""
