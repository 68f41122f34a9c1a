"""A bookshop in FastAPI and SQLAlchemy's asyncio, with the faults ``bookshop.faults`` names."""
