"""The pages of calibration: `report` shows the figures, which `drawing` places and `files` writes;
`waves` and `certificates` are what admins do, with the `forms` for it."""
