"""What the Flask and the FastAPI bookshop share: data, faults, settings and the mail."""
