"""What records and probes mean: demands, the model, its simulation, evidence. No effects here."""
