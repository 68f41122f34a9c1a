"""Contract suites for whoever adds a driver's hook, a framework's adapter, a lever or a store.

Subclass one in a test module, say what is to be tried, and pytest runs its tests::

    class TestMyDriver(HookContract):
        exercise = "exercises.py:my_driver"
        resource = "db.wait"
"""

from surefoot.testing.adapters import AdapterContract
from surefoot.testing.hooks import HookContract
from surefoot.testing.levers import LeverContract
from surefoot.testing.privacy import PrivacyContract
from surefoot.testing.receiver import Receiver
from surefoot.testing.stores import StoreContract

__all__ = [
    "AdapterContract",
    "HookContract",
    "LeverContract",
    "PrivacyContract",
    "Receiver",
    "StoreContract",
]
