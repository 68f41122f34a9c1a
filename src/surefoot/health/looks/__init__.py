"""What the checks that are built in look at; one module each, loaded where it is configured."""
