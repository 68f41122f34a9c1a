"""A running application: its replicas, their sockets, and the care that they stay up."""

from surefoot.toolbox.stack.keeper import Event
from surefoot.toolbox.stack.replica import Replica
from surefoot.toolbox.stack.stack import Stack

__all__ = ["Event", "Replica", "Stack"]
