"""What ``surefoot.toml`` says, around a Pyramid application that its own server imports.

The execution policy is the outermost place of Pyramid's own: what it returns is called as a WSGI
application with the environment it was given.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, Final

from pyramid.interfaces import IExecutionPolicy
from pyramid.router import default_execution_policy

from surefoot.web import own

__all__ = ["include"]

_ROUTER: Final = "surefoot.pyramid.router"
# Behind the actions of everything else that is included, pyramid_retry's policy say.
_LAST: Final = 1000

Policy = Callable[[dict[str, Any], Any], Callable[..., Any]]


def include(config: Any) -> None:
    """Sizes of pools at once, the policy when all that is configured is in force."""
    own.databases()
    config.action(None, functools.partial(_register, config.registry), order=_LAST)


def _register(registry: Any) -> None:
    plain: Policy = registry.queryUtility(IExecutionPolicy) or default_execution_policy

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        found: Iterable[bytes] = plain(environ, environ[_ROUTER])(environ, start_response)
        return found

    served = own.wsgi(answer)
    if served is answer:
        # Nothing is configured, or Surefoot's own server has put it around already.
        return

    def policy(environ: dict[str, Any], router: Any) -> Callable[..., Any]:
        environ[_ROUTER] = router
        return served

    registry.registerUtility(policy, IExecutionPolicy)
