"""A measurement as people and programs read it: a screen, a page, a JSON document."""
