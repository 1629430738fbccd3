"""Dates of raters' pages as admins' pages have them: no month stands first, no noon is in doubt."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y, H:i"
