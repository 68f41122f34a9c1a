"""Workload files from what people have: logs, recordings, descriptions, plans, running pages.

Each source is read by a pure function, one file per source, into requests that were seen or are
described. What belongs together is put together, values become ranges and lists, secrets become
names, and a draft of a workload file comes out, with all that is not in it listed.
"""
