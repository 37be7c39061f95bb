from importlib import import_module

from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class RecqrSiteConfig(AppConfig):
    default = True
    name = "recqr_site"

    def ready(self) -> None:
        # Whoever enqueues a task must know the broker, the web process too.
        import_module("recqr_site.celery")
        # Redoc and the browsable API, which nobody is served. Not by an app of our own in the place
        # of Django's: the tests' live server asks for that one by its name.
        unused = ["redoc", "rest_framework"]
        StaticFilesConfig.ignore_patterns = [*StaticFilesConfig.ignore_patterns, *unused]
