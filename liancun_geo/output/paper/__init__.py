"""The report for the meeting: one content, laid out as a Word file and as a PDF."""
