from importlib import import_module

from django.apps import AppConfig
from django.contrib.staticfiles import apps as staticfiles


class RecqrSiteConfig(AppConfig):
    default = True
    name = "recqr_site"

    def ready(self) -> None:
        # Whoever enqueues a task must know the broker, the web process too.
        import_module("recqr_site.celery")


class StaticFilesConfig(staticfiles.StaticFilesConfig):
    """Static files that some page asks for."""

    # Redoc and the browsable API, which nobody is served.
    ignore_patterns = [*staticfiles.StaticFilesConfig.ignore_patterns, "redoc", "rest_framework"]
