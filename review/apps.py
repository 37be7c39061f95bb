from django.apps import AppConfig


class ReviewConfig(AppConfig):
    name = "review"

    def ready(self) -> None:
        from review.panels import Panel, register  # noqa: PLC0415 - models are not loaded before

        register(Panel(slot="navigation", title="Imports", url_name="imports", for_admins=True))
