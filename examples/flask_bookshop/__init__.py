"""A bookshop in Flask and SQLAlchemy, with the faults that ``bookshop.faults`` names."""
