"""Every address: pages and API of `review`, pages of `generation`."""

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("review.api.urls")),
    path("", include("generation.urls")),
    path("", include("review.urls")),
]
