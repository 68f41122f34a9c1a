"""Where slots are kept: in this process, in a file of this host, in Redis or Memcached."""
