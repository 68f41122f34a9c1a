"""What runs inside the application's worker processes to serve it; standard library only."""
