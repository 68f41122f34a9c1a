"""What the bookshops share: data, faults, settings and the mail."""
