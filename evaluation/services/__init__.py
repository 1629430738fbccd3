"""Loading verdicts, computing reports, writing releases."""
