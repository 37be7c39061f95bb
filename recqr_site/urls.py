"""Every address: pages and API of `generation` and `review`."""

from django.urls import include, path

urlpatterns = [
    # Before the other, which ends with an answer to every address that is not known.
    path("api/v1/", include("generation.api.urls")),
    path("api/v1/", include("review.api.urls")),
    path("", include("generation.urls")),
    path("", include("review.urls")),
]
