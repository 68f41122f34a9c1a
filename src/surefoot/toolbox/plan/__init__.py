"""From a measured run to the machines, replicas and connections that another rate needs."""
