"""Addresses of `review`: the desk, and the pages around it."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from review.pages import (
    datasets,
    desk,
    dialogue,
    founding,
    guidelines,
    help,
    home,
    images,
    imports,
    keys,
    listing,
    members,
    releases,
)

DATASET = "datasets/<slug:slug>/"
DIALOGUE = f"{DATASET}dialogues/<path:external_id>/"

urlpatterns = [
    path("", home.home, name="home"),
    path("health/", home.health, name="health"),
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("help/", help.help_page, {"page": "getting-started"}, name="help_start"),
    path("help/<str:page>/", help.help_page, name="help"),
    path("keys/", keys.keys, name="keys"),
    path(DATASET, datasets.dataset, name="dataset"),
    path(f"{DATASET}offer-again/", datasets.offer_again, name="offer_again"),
    path(f"{DATASET}desk/", desk.desk, name="desk"),
    path(f"{DATASET}desk/ahead/", desk.ahead, name="ahead"),
    path(f"{DATASET}desk/leave/", desk.leave, name="leave"),
    path("places/<int:assignment_id>/decide/", desk.decide, name="decide"),
    path("places/<int:assignment_id>/draft/", desk.draft, name="draft"),
    path("places/<int:assignment_id>/first-text/", desk.first_text, name="first_text"),
    path("places/<int:assignment_id>/activity/", desk.activity, name="activity"),
    path("places/<int:assignment_id>/give-back/", desk.give_back, name="give_back"),
    path("places/<int:assignment_id>/reclaim/", desk.reclaim, name="reclaim"),
    path("decisions/<int:decision_id>/undo/", desk.undo, name="undo"),
    path(f"{DATASET}dialogues/", listing.dialogues, name="dialogues"),
    path(f"{DIALOGUE}adjudicate/", dialogue.adjudicate, name="adjudicate"),
    path(DIALOGUE, dialogue.dialogue, name="dialogue"),
    path(f"{DATASET}images/<int:pk>/<str:size>/", images.image, name="image"),
    path("new-dataset/", founding.new_dataset, name="new_dataset"),
    path(f"{DATASET}imports/", imports.imports, name="imports"),
    path(f"{DATASET}imports/start/", imports.start_import, name="start_import"),
    path(f"{DATASET}imports/<int:pk>/", imports.import_page, name="import"),
    path(f"{DATASET}imports/<int:pk>/confirm/", imports.confirm_import, name="confirm_import"),
    path(f"{DATASET}imports/<int:pk>/rejected/", imports.import_rejected, name="import_rejected"),
    path(f"{DATASET}guidelines/", guidelines.guidelines, name="guidelines"),
    path(
        f"{DATASET}guidelines/fragment/", guidelines.guidelines_fragment, name="guidelines_fragment"
    ),
    path(f"{DATASET}guidelines/confirm/", guidelines.confirm_guidelines, name="confirm_guidelines"),
    path(f"{DATASET}guidelines/edit/", guidelines.edit_guidelines, name="edit_guidelines"),
    path(f"{DATASET}guidelines/preview/", guidelines.preview_guidelines, name="preview_guidelines"),
    path(
        f"{DATASET}guidelines/<int:version>/",
        guidelines.guidelines_version,
        name="guidelines_version",
    ),
    path(f"{DATASET}releases/", releases.releases, name="releases"),
    path(f"{DATASET}releases/<int:number>/", releases.download, name="download"),
    path(f"{DATASET}members/", members.members, name="members"),
    path(f"{DATASET}members/add/", members.add_member, name="add_member"),
    path(f"{DATASET}members/token/", members.make_token, name="make_token"),
    path(f"{DATASET}members/<int:pk>/role/", members.change_role, name="change_role"),
    path(f"{DATASET}members/<int:pk>/pause/", members.pause_member, name="pause_member"),
    path(f"{DATASET}members/<int:pk>/remove/", members.remove_member, name="remove_member"),
]
