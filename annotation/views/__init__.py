"""The pages of raters and admins: read the request, call one service, choose a template."""
