"""What a request costs and where, seen from inside the worker that serves it.

``install`` prepares everything that has to happen before the application is imported; the adapters
in ``surefoot.web`` tell the recorder where requests begin and end; hooks tell it what drivers did.
"""

from surefoot.telemetry.recorder import Options, Recorder, install

__all__ = ["Options", "Recorder", "install"]
