"""HAProxy before the replicas: its configuration, its processes, and what they are told."""
