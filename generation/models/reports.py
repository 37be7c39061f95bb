"""What was reckoned over a whole dataset, kept so that its page need not wait."""

from review.models import StoredReport


class JudgeReport(StoredReport):
    """How far a dataset's judges agree, as last reckoned: `judges_compared.report.Report`."""

    def __str__(self) -> str:
        return f"judges of {self.dataset}"
