"""Keeps what was computed for as long as it may be used, and lets one caller compute it."""
