"""Dated data, templates, translations, icons. No code here."""
