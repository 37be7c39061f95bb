"""The machines as they were after 10 migrations, for new installations."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import generation.models.endpoints


class Migration(migrations.Migration):
    replaces = [
        ("generation", "0001_initial"),
        ("generation", "0002_initial"),
        ("generation", "0003_recipe_and_timeout"),
        ("generation", "0004_endpoints_prompts_batches"),
        ("generation", "0005_dated_prices"),
        ("generation", "0006_no_price_of_endpoint"),
        ("generation", "0007_calls_on_their_bill"),
        ("generation", "0008_batch_files_and_trouble"),
        ("generation", "0009_judge_report"),
        ("generation", "0010_items_in_batches"),
    ]

    initial = True

    dependencies = [
        ("review", "0001_record"),
    ]

    operations = [
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=64)),
                (
                    "kind",
                    models.CharField(
                        choices=[("openai", "Openai"), ("offline", "Offline")],
                        default="openai",
                        max_length=16,
                    ),
                ),
                ("base_url", models.TextField(blank=True, default="")),
                ("model", models.TextField(blank=True, default="")),
                ("key_variable", models.CharField(blank=True, default="", max_length=64)),
                ("jobs", models.JSONField(default=generation.models.endpoints.both_jobs)),
                (
                    "structured_output",
                    models.CharField(
                        choices=[
                            ("json_schema", "by JSON schema"),
                            ("json_object", "as JSON object"),
                            ("text", "as plain text"),
                        ],
                        default="json_schema",
                        max_length=16,
                    ),
                ),
                ("sees_images", models.BooleanField(default=False)),
                ("has_batches", models.BooleanField(default=False)),
                ("extra_parameters", models.JSONField(blank=True, default=dict)),
                ("most_in_flight", models.PositiveSmallIntegerField(default=64)),
                ("requests_per_minute", models.PositiveIntegerField(blank=True, null=True)),
                ("tokens_per_minute", models.PositiveIntegerField(blank=True, null=True)),
                ("timeout_seconds", models.PositiveSmallIntegerField(default=120)),
                ("own_family", models.CharField(blank=True, default="", max_length=64)),
                ("retired", models.BooleanField(default=False)),
                (
                    "created",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="review.dataset",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("retired", False)),
                        fields=("dataset", "name"),
                        name="endpoint_name_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["openai", "offline"])),
                        name="endpoint_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("structured_output__in", ["json_schema", "json_object", "text"])
                        ),
                        name="endpoint_structured_output_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("most_in_flight__gte", 1)),
                        name="endpoint_lets_calls_out",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EndpointPrice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateField()),
                ("input", models.DecimalField(decimal_places=6, max_digits=12, null=True)),
                ("cached", models.DecimalField(decimal_places=6, max_digits=12, null=True)),
                ("output", models.DecimalField(decimal_places=6, max_digits=12, null=True)),
                ("batch_share", models.DecimalField(decimal_places=3, default="0.5", max_digits=4)),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="prices",
                        to="generation.endpoint",
                    ),
                ),
            ],
            options={
                "ordering": ["-since"],
                "constraints": [
                    models.UniqueConstraint(fields=("endpoint", "since"), name="price_once_a_day"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("input", None), ("input__gte", 0), _connector="OR"),
                            models.Q(("cached", None), ("cached__gte", 0), _connector="OR"),
                            models.Q(("output", None), ("output__gte", 0), _connector="OR"),
                        ),
                        name="price_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("batch_share__range", (0, 1))),
                        name="price_batch_share_0_to_1",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="JudgeReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("asked", models.DateTimeField(null=True)),
                ("leased_until", models.DateTimeField(null=True)),
                ("computed", models.DateTimeField(null=True)),
                ("seconds", models.FloatField(null=True)),
                ("last_rows", models.JSONField(default=dict)),
                ("data", models.JSONField(default=dict)),
                ("failure", models.TextField(blank=True, default="")),
                (
                    "dataset",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="review.dataset",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Prompt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("rewrite", "Rewrite"),
                            ("judge", "Judge"),
                            ("compare", "Compare"),
                        ],
                        max_length=16,
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("text", models.TextField()),
                ("hash", models.CharField(max_length=64)),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="review.dataset",
                    ),
                ),
            ],
            options={
                "ordering": ["kind", "-version"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("dataset", "kind", "version"),
                        name="prompt_version_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["rewrite", "judge", "compare"])),
                        name="prompt_kind_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("rewrite", "Rewrite"),
                            ("judge", "Judge"),
                            ("check", "Check"),
                            ("benchmark", "Benchmark"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("paused", "Paused"),
                            ("stopped", "Stopped"),
                            ("done", "Done"),
                        ],
                        default="running",
                        max_length=16,
                    ),
                ),
                ("parameters", models.JSONField(default=dict)),
                ("budget_usd", models.DecimalField(decimal_places=6, max_digits=12, null=True)),
                ("note", models.TextField(blank=True, default="")),
                ("drained_by", models.UUIDField(null=True)),
                ("drained_until", models.DateTimeField(null=True)),
                (
                    "created",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("finished", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="review.dataset",
                    ),
                ),
                (
                    "prompt",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to="generation.prompt",
                    ),
                ),
                (
                    "rubric",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to="review.rubric",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["rewrite", "judge", "check", "benchmark"])
                        ),
                        name="run_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["running", "paused", "stopped", "done"])
                        ),
                        name="run_status_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("preparing", "Preparing"),
                            ("submitted", "Submitted"),
                            ("collected", "Collected"),
                            ("failed", "Failed"),
                        ],
                        default="preparing",
                        max_length=16,
                    ),
                ),
                ("input_file", models.TextField(blank=True, default="")),
                ("remote_id", models.TextField(blank=True, default="")),
                ("remote_status", models.CharField(blank=True, default="", max_length=32)),
                ("lines", models.PositiveIntegerField(default=0)),
                ("lines_done", models.PositiveIntegerField(default=0)),
                ("held_usd", models.DecimalField(decimal_places=8, default=0, max_digits=14)),
                ("problem", models.TextField(blank=True, default="")),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                (
                    "created",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("asked_at", models.DateTimeField(null=True)),
                ("ended", models.DateTimeField(null=True)),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to="generation.endpoint",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="batches",
                        to="generation.run",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["preparing", "submitted"])),
                        fields=["run"],
                        name="batch_open",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["preparing", "submitted", "collected", "failed"])
                        ),
                        name="batch_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "submitted"), _negated=True),
                            models.Q(("remote_id", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="batch_submitted_has_id",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RunItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("round", models.PositiveSmallIntegerField(default=0)),
                ("recipe", models.CharField(blank=True, default="", max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "Pending"), ("done", "Done"), ("failed", "Failed")],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("failure", models.TextField(blank=True, default="")),
                ("leased_until", models.DateTimeField(null=True)),
                ("finished", models.DateTimeField(null=True)),
                (
                    "batch",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="items",
                        to="generation.batch",
                    ),
                ),
                (
                    "dialogue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="review.dialogue",
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to="generation.endpoint",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="generation.run",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "pending")),
                        fields=["run", "id"],
                        name="item_pending",
                    ),
                    models.Index(fields=["dialogue", "endpoint"], name="item_done_before"),
                    models.Index(
                        condition=models.Q(("batch__isnull", False)),
                        fields=["batch"],
                        name="item_in_batch",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "dialogue", "endpoint"),
                        name="item_once_in_run",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "failed"), models.Q(("failure", ""), _negated=True)),
                            models.Q(models.Q(("state", "failed"), _negated=True), ("failure", "")),
                            _connector="OR",
                        ),
                        name="item_failed_with_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Call",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("attempt", models.PositiveSmallIntegerField(default=1)),
                ("model", models.TextField(blank=True, default="")),
                ("request", models.JSONField(default=dict)),
                ("request_hash", models.CharField(max_length=64)),
                ("saw_target", models.BooleanField(default=False)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("sent", "Sent"),
                            ("ok", "Ok"),
                            ("failed", "Failed"),
                            ("unusable", "Unusable"),
                            ("lost", "Lost"),
                        ],
                        default="sent",
                        max_length=16,
                    ),
                ),
                ("status_code", models.PositiveSmallIntegerField(null=True)),
                ("reply", models.TextField(blank=True, default="")),
                ("error", models.TextField(blank=True, default="")),
                ("tokens_input", models.PositiveIntegerField(null=True)),
                ("tokens_cached", models.PositiveIntegerField(null=True)),
                ("tokens_output", models.PositiveIntegerField(null=True)),
                ("prices", models.JSONField(default=dict)),
                ("cost_usd", models.DecimalField(decimal_places=8, max_digits=14, null=True)),
                ("latency_seconds", models.FloatField(null=True)),
                (
                    "created",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calls",
                        to="generation.batch",
                    ),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="review.dataset",
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to="generation.endpoint",
                    ),
                ),
                (
                    "prompt",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to="generation.prompt",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calls",
                        to="generation.run",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calls",
                        to="generation.runitem",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(fields=["dataset", "endpoint"], name="call_bill"),
                    models.Index(
                        condition=models.Q(("outcome", "ok")),
                        fields=["item", "request_hash"],
                        name="call_paid_reply",
                    ),
                ],
            },
        ),
    ]
