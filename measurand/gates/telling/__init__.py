"""A verdict in words and files: sentences, reasons, causes, JSON, JUnit, Markdown, text."""
