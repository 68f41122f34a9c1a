"""The shop for servers that speak ASGI: ``django_bookshop.asgi:application``."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "django_bookshop.settings")
application = get_asgi_application()

from django.conf import settings  # noqa: E402 - Django is set up now

from django_bookshop import databases  # noqa: E402

# Servers import this in their event loop, where Django speaks to no database.
with ThreadPoolExecutor(1) as thread:
    thread.submit(databases.prepare, settings.SHOP).result()
