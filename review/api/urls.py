"""Addresses of the API, under `/api/v1/`."""

from csp.decorators import csp_replace
from django.contrib.auth.decorators import login_required
from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import IsAuthenticated

from review.api import (
    agreement,
    calibration,
    certificates,
    disputes,
    guidelines,
    imports,
    people,
    policies,
    practice,
    releases,
    reviewing,
    schema,  # noqa: F401 - the schema learns of our tokens by import
    uploads,
    views,
    waves,
)

# The documentation is for a browser: a stranger is sent to sign in. Swagger UI sets styles of its
# own on its elements.
docs = csp_replace({"style-src": ["'self'", "'unsafe-inline'"]})(
    login_required(SpectacularSwaggerSplitView.as_view(url_name="api-schema"))
)

urlpatterns = [
    path(
        "schema/",
        SpectacularAPIView.as_view(permission_classes=[IsAuthenticated]),
        name="api-schema",
    ),
    path("docs/", docs, name="api-docs"),
    path("datasets/", views.datasets, name="api-datasets"),
    path("datasets/<slug:dataset>/", views.dataset_detail, name="api-dataset"),
    path("datasets/<slug:dataset>/policy/", policies.change_policy, name="api-policy"),
    path("datasets/<slug:dataset>/agreement/", agreement.agreement, name="api-agreement"),
    path("datasets/<slug:dataset>/calibration/", calibration.calibration, name="api-calibration"),
    path(
        "datasets/<slug:dataset>/certificates/",
        certificates.all_certificates,
        name="api-certificates",
    ),
    path(
        "datasets/<slug:dataset>/certificates/<int:number>/withdraw/",
        certificates.withdraw,
        name="api-withdraw-certificate",
    ),
    path(
        "datasets/<slug:dataset>/certificates/<int:number>/put-back/",
        certificates.put_back,
        name="api-put-back-certified",
    ),
    path("datasets/<slug:dataset>/waves/", waves.all_waves, name="api-waves"),
    path("datasets/<slug:dataset>/waves/<int:number>/", waves.wave, name="api-wave"),
    path("datasets/<slug:dataset>/waves/<int:number>/close/", waves.close, name="api-close-wave"),
    path("datasets/<slug:dataset>/claim/", reviewing.claim, name="api-claim"),
    path("datasets/<slug:dataset>/dialogues/", views.Dialogues.as_view(), name="api-dialogues"),
    path("datasets/<slug:dataset>/disputes/claim/", disputes.claim, name="api-claim-dispute"),
    # Before the dialogue itself, whose id may hold slashes.
    path(
        "datasets/<slug:dataset>/dialogues/<path:external_id>/adjudication/",
        disputes.adjudicate,
        name="api-adjudicate",
    ),
    path(
        "datasets/<slug:dataset>/dialogues/<path:external_id>/put-back/",
        certificates.put_back_dialogue,
        name="api-put-back-dialogue",
    ),
    path(
        "datasets/<slug:dataset>/dialogues/<path:external_id>/comments/",
        disputes.thread,
        name="api-comments",
    ),
    path("decisions/<int:decision>/send-back/", disputes.send_back, name="api-send-back"),
    path(
        "datasets/<slug:dataset>/dialogues/<path:external_id>/",
        views.dialogue_detail,
        name="api-dialogue",
    ),
    path("datasets/<slug:dataset>/guidelines/", guidelines.guidelines, name="api-guidelines"),
    path(
        "datasets/<slug:dataset>/guidelines/confirm/",
        guidelines.confirm,
        name="api-confirm-guidelines",
    ),
    path("datasets/<slug:dataset>/practice/", practice.practice, name="api-practice"),
    path("datasets/<slug:dataset>/releases/", releases.releases, name="api-releases"),
    path(
        "datasets/<slug:dataset>/releases/<int:release>/",
        releases.release_detail,
        name="api-release",
    ),
    path("datasets/<slug:dataset>/releases/<int:release>/card/", releases.card, name="api-card"),
    path("datasets/<slug:dataset>/imports/", imports.Imports.as_view(), name="api-imports"),
    path(
        "datasets/<slug:dataset>/imports/<int:import_id>/", imports.import_detail, name="api-import"
    ),
    path(
        "datasets/<slug:dataset>/imports/<int:import_id>/rejected/",
        imports.rejected,
        name="api-rejected",
    ),
    path("datasets/<slug:dataset>/uploads/", uploads.begin, name="api-uploads"),
    path("datasets/<slug:dataset>/uploads/<int:upload>/", uploads.upload, name="api-upload"),
    path("datasets/<slug:dataset>/members/", people.members, name="api-members"),
    path("datasets/<slug:dataset>/invitations/", people.invite, name="api-invite"),
    path("datasets/<slug:dataset>/places/", people.places, name="api-places"),
    path("datasets/<slug:dataset>/places/<int:assignment>/", people.place, name="api-place"),
    path("datasets/<slug:dataset>/hours/", people.hours, name="api-hours"),
    path("assignments/<int:assignment>/", reviewing.give_back, name="api-give-back"),
    path("assignments/<int:assignment>/decision/", reviewing.decide, name="api-decide"),
    path("assignments/<int:assignment>/draft/", reviewing.draft, name="api-draft"),
    path("assignments/<int:assignment>/activity/", reviewing.stay, name="api-activity"),
    path("assignments/<int:assignment>/first-text/", reviewing.first_text, name="api-first-text"),
    path("decisions/<int:decision>/undo/", reviewing.undo, name="api-undo"),
    path("<path:rest>", views.nowhere, name="api-nowhere"),
]
