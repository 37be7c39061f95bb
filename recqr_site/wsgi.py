"""The web application for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from recqr_site import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recqr_site.settings")
embedded.ensure()

application = get_wsgi_application()
