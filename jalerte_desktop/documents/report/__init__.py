"""The evidence report: facts of a period, put into words and pictures, as a PDF that anyone can check."""
