"""The shop for servers that speak WSGI: ``django_bookshop.wsgi:application``."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "django_bookshop.settings")
application = get_wsgi_application()

from django.conf import settings  # noqa: E402 - Django is set up now

from django_bookshop import databases  # noqa: E402

databases.prepare(settings.SHOP)
