from django.apps import AppConfig


class GenerationConfig(AppConfig):
    name = "generation"

    def ready(self) -> None:
        from generation.checks import checkers  # noqa: PLC0415
        from generation.checks.tasks import on_approval  # noqa: PLC0415
        from generation.searching import trying, workers  # noqa: PLC0415 - models come first
        from review.checking import tell_checkers  # noqa: PLC0415
        from review.events import rewrite_approved  # noqa: PLC0415
        from review.panels import Panel, register  # noqa: PLC0415

        rewrite_approved.connect(on_approval, dispatch_uid="check")
        tell_checkers(checkers)
        workers.answer_with(trying.answer)
        register(Panel(slot="place", title="What it would find", url_name="try_rewrite"))
        register(Panel(slot="dialogue", title="What it finds", url_name="check_strip"))
        register(Panel(slot="dialogue", title="What deceives", url_name="deceptions"))
        register(Panel("dialogue", "Do other images fit as well?", url_name="relevance_panel"))
        within: tuple[str, ...] = ("relevance_of",)
        register(Panel("tab", "Relevance", url_name="relevance", inner=within))
        within = ("run", "calls", "call", "spending", "start_run", "estimate_run")
        register(Panel("navigation", "Runs", url_name="runs", for_admins=True, inner=within))
        within = ("benchmark_run", "new_benchmark", "estimate_benchmark")
        register(Panel("tab", "Benchmark", "benchmark", for_adjudicators=True, inner=within))
        within = ("new_wave", "preview_wave", "new_certificate", "preview_certificate")
        register(Panel("tab", "Calibration", "calibration", for_adjudicators=True, inner=within))
        register(Panel("selection", "Run over these", url_name="runs", for_admins=True))
        inner = (
            *("endpoint", "new_endpoint", "retrievers", "retriever", "new_retriever"),
            *("prompts", "prompt", "rubric", "judges"),
        )
        register(Panel("navigation", "Models", url_name="endpoints", for_admins=True, inner=inner))
