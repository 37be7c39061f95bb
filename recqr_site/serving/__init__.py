"""`make run`: one supervisor that prepares the record, serves it and watches over every part."""
