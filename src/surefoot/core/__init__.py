"""Decisions without effects: no clock, socket, thread, event loop or framework in this package."""
