"""A bookshop in Pyramid, SQLAlchemy and pyramid_tm, with the faults of ``bookshop.faults``."""
