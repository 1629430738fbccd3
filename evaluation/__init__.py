"""Learning from judgments: agreement, judges, labels, releases."""
