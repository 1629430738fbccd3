"""What joins the two apps: settings, URLs, the web server, deployment checks."""
