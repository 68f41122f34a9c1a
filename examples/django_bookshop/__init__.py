"""The bookshop in Django, with templates, the ORM, sessions, the admin and a REST endpoint."""
