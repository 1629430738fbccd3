"""People judging: studies, replies, seats, judgments. Knows nothing of evaluation."""
