from importlib import import_module

from django.apps import AppConfig


class RecqrSiteConfig(AppConfig):
    name = "recqr_site"

    def ready(self) -> None:
        # Whoever enqueues a task must know the broker, the web process too.
        import_module("recqr_site.celery")
