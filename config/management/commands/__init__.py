"""Commands that join both apps."""
